"""Writes what ElastAlert 2 sends otherwise than by HTTP requests of its own: for each line {type, options, match} on stdin,
the line with `sent` added.

Run by the Python of an ElastAlert environment; nothing leaves the process.
"""
import email
import json
import sys
from email.header import decode_header, make_header

import elastalert.alerters.email as mail
import elastalert.alerters.gelf as gelf
import elastalert.alerters.indexer as indexer
import elastalert.alerters.zabbix as zabbix
from elastalert.loaders import RulesLoader

sent = []


class Smtp:
    def __init__(self, *_, **__):
        pass

    def ehlo(self):
        pass

    def has_extn(self, _):
        return False

    def sendmail(self, sender, recipients, text):
        message = email.message_from_string(text)
        names = ('Subject', 'To', 'From', 'Reply-To', 'CC')
        headers = {name.lower(): str(make_header(decode_header(message[name]))) for name in names if message[name]}
        part = message.get_payload()[0] if message.is_multipart() else message
        body = part.get_payload(decode=True).decode()
        sent.append({'recipients': recipients, 'headers': headers, 'type': part.get_content_type(), 'body': body})

    def quit(self):
        pass


class Sender:
    def __init__(self, *_, **__):
        pass

    def send(self, items):
        sent.append([{'host': i.host, 'key': i.key, 'value': i.value, 'clock': i.clock} for i in items])
        return type('Answer', (), {'failed': 0})


class Client:
    def index(self, index, body, refresh):
        sent.append({'index': index, 'body': body})


class AnyType:
    def get_match_str(self, match):
        return ''


mail.SMTP = Smtp
zabbix.Sender = Sender
indexer.elasticsearch_client = lambda _: Client()
gelf.requests.post = lambda url, headers, json, **_: sent.append({'url': url, 'headers': headers, 'body': json})
for line in sys.stdin:
    case = json.loads(line)
    sent.clear()
    rule = {'name': 'gateway down', 'timestamp_field': '@timestamp', 'rule_file': '', **case['options']}
    RulesLoader.alerts_mapping[case['type']](rule | {'type': AnyType()}).alert([json.loads(json.dumps(case['match']))])
    print(json.dumps({'type': case['type'], 'options': case['options'], 'match': case['match'], 'sent': sent[0]}))
