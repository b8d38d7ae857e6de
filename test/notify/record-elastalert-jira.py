"""Writes what ElastAlert 2 asks of Jira: for each line {options, matches, server, issues} on stdin, the line with the
requests added that change something, and the query that looks for tickets.

Run by the Python of an ElastAlert environment, in this folder; nothing leaves the process. jira-server.json says what there
is in Jira; `issues` are the keys of the tickets that a search finds.
"""
import json
import os
import sys
import tempfile
from urllib.parse import parse_qs, urlsplit

os.environ['TZ'] = 'UTC'

import requests
from elastalert.alerters.jira import JiraAlerter

with open('jira-server.json') as file:
    known = json.load(file)
with tempfile.NamedTemporaryFile('w', suffix='.yaml', delete=False) as file:
    file.write('user: robot\npassword: secret\n')
sent = []
case = {}


def issue(key):
    return {'id': '1', 'key': key, 'fields': {'updated': known['updated'], 'labels': []}}


def answer(method, path, query, body):
    if method == 'GET':
        if path == 'serverInfo':
            return known[case['server']]
        if path == 'search/jql':
            sent.append({'jql': query['jql'][0]})
            return {'issues': [issue(key) for key in case['issues']], 'isLast': True}
        if path == 'user/search':
            return known['users']
        if path.endswith('/transitions'):
            return {'transitions': known['transitions']}
        if path.startswith('issue/'):
            return issue(path.split('/')[1])
        return known[path]
    sent.append({'method': method, 'path': path, 'body': body})
    return issue('OPS-1') if path == 'issue' else {}


def send(_, request, **__):
    url = urlsplit(request.url)
    path = url.path.split('/rest/api/')[1].split('/', 1)[1]
    body = json.loads(request.body) if request.body else None
    response = requests.Response()
    response.status_code = 200
    response.url = request.url
    response.request = request
    response._content = json.dumps(answer(request.method, path, parse_qs(url.query), body)).encode()
    response.headers['content-type'] = 'application/json'
    return response


class AnyType:
    def get_match_str(self, match):
        return ''


requests.adapters.HTTPAdapter.send = send
for line in sys.stdin:
    case = json.loads(line)
    rule = {'name': 'gateway down', 'timestamp_field': '@timestamp', 'type': AnyType(), 'rule_file': file.name,
            'jira_server': 'http://jira.example', 'jira_project': 'OPS', 'jira_issuetype': 'Bug',
            'jira_account_file': file.name, **case['options']}
    if isinstance(rule.get('query_key'), list):
        # as its loader does
        rule['query_key'] = ','.join(rule['query_key'])
    if len(case['matches']) > 1:
        rule['aggregation'] = {'minutes': 5}
    alerter = JiraAlerter(rule)
    sent.clear()
    alerter.alert([json.loads(json.dumps(match)) for match in case['matches']])
    print(json.dumps({**case, 'requests': sent}))
os.unlink(file.name)
