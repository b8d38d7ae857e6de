import type { CommandSpec } from '../../lib/cli/index.ts'
import { flinkSection } from './flink.ts'

/** What the manual says of the language. */
export const manual: NonNullable<CommandSpec['sections']> = [
  {
    title: 'SQL',
    text: [
      'Statements: CREATE TABLE with computed columns, WATERMARK and WITH (connector stdin or stdout, format json or debezium-json; those of LOOKUPS besides), CREATE VIEW, CREATE FUNCTION, INSERT INTO, SELECT; several queries run side by side, also in EXECUTE STATEMENT SET BEGIN … END; WITH names queries for one. SET takes table.exec.state.ttl and table.exec.source.idle-timeout; what else changes only how Flink works is taken and left. What is not in the subset is an error that says where.',
      'Windows: TUMBLE, HOP, CUMULATE and SESSION (with PARTITION BY) in event time. With GROUP BY window_start, window_end and further keys a result comes out when its window closes; without, each row comes out in each of its windows, with window_start, window_end and window_time, those of a session when it is over. A join whose ON has window_start and window_end of the same windows on both sides, and ROW_NUMBER with both in PARTITION BY, give their results when the window closes; so do IN, NOT IN, EXISTS and NOT EXISTS whose subquery has them equal to those of the query around it. GROUP BY TUMBLE(time, size), HOP(time, slide, size) and SESSION(time, gap) with TUMBLE_START and its like are taken, too. Aggregates: COUNT, SUM, AVG, MIN, MAX, STDDEV_POP, STDDEV_SAMP, VAR_POP, VAR_SAMP, PERCENTILE, FIRST_VALUE, LAST_VALUE, LISTAGG, COLLECT, ARRAY_AGG, JSON_ARRAYAGG, JSON_OBJECTAGG, APPROX_COUNT_DISTINCT, with DISTINCT and FILTER. Updates and deletes of a table take back what they replace.',
      'Ranks: ROW_NUMBER() OVER (PARTITION BY … ORDER BY …) with a condition that ends it (WHERE rn <= 3, rn = 1, rn BETWEEN 2 AND 4, QUALIFY) gives the first rows of each key, which change as rows come, change and go; of equal ones the first that came. In the order of a declared event time rn = 1 is the first row, told once the watermark has passed it, or with DESC the last so far, of several at one time the last that came. ORDER BY … LIMIT n [OFFSET m] and LIMIT n alone do the same for the whole result; ORDER BY event time alone puts rows in order as the watermark passes them. Aggregates, LAG and ROW_NUMBER with OVER (… ORDER BY event time [ROWS | RANGE … PRECEDING]), also by the name of a WINDOW, count the rows up to each row, which comes out when the watermark passes it; a SELECT has one such window.',
      'Joins, INNER, LEFT, RIGHT and FULL, also of a table with itself and of many: all rows of both sides are kept, and the pairs come, change and go with them (a row that has no partner any more is padded with NULL in the same change). SET table.exec.state.ttl forgets rows, groups and the partitions of ranks that were not written for so long, by the time in which their changes were read; as in Flink nothing is told of it, and a row of an outer join or of EXISTS is written when its number of partners changes, too. Rows that are only added, with event times that bound each other (l.t BETWEEN r.t - INTERVAL … AND r.t + INTERVAL …), are kept only as long as a partner can come; one without comes out padded then. FOR SYSTEM_TIME AS OF l.t gives each left row the row of its key as it was at its time: of a table with a WATERMARK by that, of an undeclared one by the times of its commits, rows of a snapshot as from ever. UNION ALL, UNION, INTERSECT, EXCEPT (with ALL, too; INTERSECT binds closest) and SELECT DISTINCT are there, too.',
      'GROUP BY without a window, or aggregates over everything, keep a result for each group, which changes with its rows: it is written as a change event each time (op c, u with the whole result before, d when its last row has gone), with the source of the event that caused it. An aggregation may stand over another, in a subquery or a view. What is kept grows with the number of groups; see STATE. GROUP BY GROUPING SETS ((a, b), (a), ()), CUBE (a, b) and ROLLUP (a, b), alone, beside other keys or in windows, group all rows by each of the sets; GROUPING(a, b) has a bit for each key that is not in the set of a row, GROUP_ID() tells equal sets apart.',
      'Columns nobody declared are typed by their values: whole numbers BIGINT, other numbers DOUBLE, strings STRING. A string is read as DECIMAL or TIMESTAMP(3) where a number or time is needed. MIN, MAX and < compare two such strings as numbers when both are numbers.',
      "A column METADATA [FROM 'source.timestamp'] [VIRTUAL] of a table of change events is what they say beside the row: ingestion-timestamp, source.timestamp, source.database, source.table or source.properties, with value. before it as for Kafka, too. CREATE TABLE ... LIKE another takes what that has. A table WITH ('connector' = 'kafka', 'topic' = 'orders') is read with --in of that topic, which says where and from when on, whatever its other options say. EXPLAIN prints the plan, as --explain does.",
      'IN (SELECT ...), NOT IN, EXISTS and NOT EXISTS between the ANDs of WHERE take rows by whether a subquery has them; without aggregates of its own the subquery may read the tables of the query around it. All rows of both are kept, as long as table.exec.state.ttl says; those on the right of NOT IN for ever. NOT IN follows SQL: a NULL on the right leaves no rows. Anywhere else in WHERE, SELECT and HAVING they are values, TRUE, FALSE or NULL; the query around is then read as inner = outer alone, and NULL IN the rows of a key is NULL, as in Flink. (SELECT ...) stands for a value in WHERE, SELECT and HAVING: of one column and at most one row, a second one being left out as an error of the line that brings it; NULL as long as there is none, also of a COUNT. With a condition inner = outer on the tables of the query around it, it is the row, or the aggregate of the rows, with that value, a COUNT of none 0. When it changes, so do all results that it is in.',
      'CROSS JOIN UNNEST(t.c) [WITH ORDINALITY] AS u (a, b), or LEFT JOIN ... ON TRUE, gives a row for each member of an ARRAY, MAP or MULTISET. Of an undeclared array one name is the member, several are the fields of these names of its objects.',
      'An update whose row starts to pass WHERE is written as c, one whose row stops to as d. An update that leaves the selected columns as they were is written all the same, as Flink does.'
    ]
  },
  {
    title: 'STATE',
    text: [
      'What a query keeps by key is in memory as long as it takes no more than --state-memory in all: groups, also those of windows, the rows of joins, of IN and EXISTS, INTERSECT and EXCEPT, the partitions of ranks and of OVER, the versions of tables, and what changing rows were joined with in lookups. Beyond that the largest of them leave in memory what was used lately, and the rest is in a file (SQLite): state.db in the directory of --state, else a temporary one (in SQLITE_TMPDIR, TMPDIR or /var/tmp) that is gone with the process. Results and their order are the same. What is under one key is in memory as a whole while it is used.',
      'Only in memory is what time lets go of: open sessions, rows of interval joins, rows that wait for the watermark, and changes that --emit keeps back. So is the state that a query from topic to topic keeps in a topic.',
      'Without --state-memory half of the limit of V8 for its heap is taken, which depends on the memory of the machine or container (some 2 GB from 16 GB on); NODE_OPTIONS=--max-old-space-size=8192 (MiB) lets it be more. With it a state that grows on and on makes enrich slower, and does not end it.',
      'With --state what is in memory is written at each mark, what is on disk only where it has changed: where a large state makes marks slow, a smaller --state-memory helps.'
    ]
  },
  {
    title: 'LOOKUPS',
    text: [
      "A table WITH ('connector' = 'filesystem', 'path' = 'customers.csv', 'format' = 'csv') or json (one object a line) is looked up: JOIN customers FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.customer_id, inner or LEFT, gives each row of the left side the rows of its key as they are when it is processed; p is a column AS PROCTIME(), or PROCTIME() stands there itself. Paths are relative to the file of -f.",
      'The file is read again when it has changed. If it cannot be read then, for instance because it is just being written, a warning says so and the rows that were read before are used until it changes again; write a new file and rename it. The columns of CSV are those of a first line that names all of the table, else they stand in its order (csv.field-delimiter and csv.null-literal are taken). An empty field is NULL, a STRING only with csv.null-literal.',
      "A table WITH ('connector' = 'mysql', 'url' = 'mysql://reader:${PASSWORD}@db/shop', 'table-name' = 'customers') is one of a MySQL or MariaDB server; Flink's options of the connector jdbc are taken too ('url' = 'jdbc:mysql://db/shop', 'username', 'password', 'lookup.cache' and 'lookup.partial-cache...'), so that one file runs on both. What a block of input lines needs is read at once, with the columns that the query reads. With 'lookup.cache' = 'PARTIAL' rows, and that there are none, are kept up to 'lookup.partial-cache.max-rows' keys and for 'lookup.partial-cache.expire-after-write'. Which rows a text has is the server's word, with the collation of its column; numbers and times are equal when their values are. A server that is away is waited for as --retry-for says.",
      'ON needs an equality with a column of the table, or with a constant; other conditions may stand beside it. Where rows of the left side change or go, what each was joined with is kept, and exactly that is taken back: a result never stays behind because the table has changed meanwhile. An update of a left row looks its new values up.'
    ]
  },
  flinkSection,
  {
    title: 'FUNCTIONS',
    text: [
      "Functions are Flink's of strings, numbers, times, conditions, JSON, arrays and maps, hashes and regular expressions, but for those that depend on the clock or on chance.",
      "CREATE FUNCTION distance AS 'geo.js' LANGUAGE JAVASCRIPT takes one from a JavaScript module, its path relative to the file of -f: the export of that name, or the default export. It is called with values as they stand in output (DECIMAL and times as strings), not with NULL, which gives NULL, unless it has acceptsNull = true. What it returns is what an undeclared column would be, or of the type that returns = 'DOUBLE' names; both may be properties of the function or exports of the module. What it throws is an error of the row.",
      'An exported object with create(), add(state, ...values) and result(state) is an aggregate; add may return another state, and states are plain data (they go to --state). With retract(state, ...values) it takes back rows that go; without it all rows are kept and it begins anew with those that are left. What add or retract throws leaves the results of its group out from then on.'
    ]
  },
  {
    title: 'DIFFERENCES FROM FLINK',
    text: [
      'A table without rows holds time back for --idle-timeout, in Flink for ever unless table.exec.source.idle-timeout is set, as --engine flink does. Window joins and ranks in windows take changes as long as their window is open; Flink refuses tables that change there.',
      'The watermark moves with each row, as in Flink with pipeline.auto-watermark-interval 0. A TIMESTAMP is written with all the digits of its type. A DECIMAL that does not fit its type is NULL.',
      'Numbers and quoted times compare with undeclared strings; Flink needs a declaration for that. A DOUBLE whose text is a whole number looks like a BIGINT as long as it is not declared: use CAST(x AS DOUBLE) before dividing or averaging it.',
      'A string in quotes is a STRING, not a CHAR(n), so that nothing is padded or cut. LN, EXP, COSH and their like may differ in the last digit, and so may variances of doubles in windows, which Flink puts together from parts.',
      'Regular expressions are those of RE2, which takes time linear in the text: lookaround, back references, possessive quantifiers and classes in classes are refused; . stops at a newline alone, $ matches at the very end alone. Paths of JSON have names, [n], [*] and .., no filters or functions.',
      'APPROX_COUNT_DISTINCT runs on streams here: exact up to 2,048 values and for rows that may go, else within about 0.4 %. An element or key that is not there is NULL, also where Flink knows that none is and gives -1. TO_TIMESTAMP takes ISO forms; TO_DATE of another form than its pattern is NULL. JSON_VALUE RETURNING a type that the value does not have goes by ON ERROR where Flink fails, and returns any simple type. JSON_QUOTE writes a character beyond U+FFFF, such as an emoji, as the two escapes that JSON has for it, Flink as one of five digits and one more, which nothing reads. TYPEOF tells of NOT NULL only at the end, of what is inside of ARRAY, MAP and ROW it does not, nor of CHAR(n).',
      'LISTAGG(DISTINCT ...) has the values in the order in which they came, also in windows, where Flink puts them in that of their hashes. The size of HOP may be any, not only a multiple of the slide, also where FROM has it, which Flink refuses with GROUP BY.'
    ]
  },
  {
    title: 'ERRORS',
    text: [
      'A line with a value that cannot be computed (a division by zero, a CAST that fails, a text where a number is needed) is refused: nothing of it counts, in none of the queries. It stops enrich, or goes to --dead-letter.',
      'What cannot be computed of rows that come from others which are kept (over groups, windows, joins, ranks) is an error of the result: the line has counted, and so does all else that it, or the passing of time, changes. The row that cannot be computed is left out, as if WHERE held it back, and comes again as soon as it can be; of rows of which it cannot be told whether they are a pair there is none. This is told of each such row with the line that it came of, whose dead letter says "applied": true, so that it is not to be fed in again. Without --dead-letter enrich stops there, and does so again after a resume. Flink fails and begins again in both cases.'
    ]
  },
  {
    title: 'TIME',
    text: [
      'The watermark moves on with each row. A window closes when the watermark reaches its last millisecond; rows that come for a closed window are late: they do not count, and go to --late.',
      'All times are UTC.'
    ]
  }
]
