// The words of the dialect: what is coloured as a keyword or a type, and what completion offers.

const list = (text) => text.trim().split(/\s+/);
const lines = (text) =>
  text
    .trim()
    .split("\n")
    .map((line) => line.trim());

/** Words that are coloured as keywords, in lower case. */
export const KEYWORDS = new Set(
  list(`
    add after all alter always analyze and anti any as asc asof at between both by cache cascade case change
    changes check clone cluster collate column columns comment compute constraint copy copy_options create
    cross cube current current_date current_timestamp current_user data database databases deep deferred
    delete delta describe desc detail directory distinct distribute div drop dry else end enforced escape
    evolution except exclude execute exists explain extended extend external false fetch fileformat files
    filter first following for foreign format format_options formatted from full fsck function functions
    generated global glob grant group grouping having history identity if ignore ilike immediate in inner
    insert inpath intersect interval into is join key last lateral leading left like limit lists load location
    match matched materialized merge minus natural next no not null nulls of offset on only optimize option
    options or order outer over overwrite partition partitioned partitions pattern percent pivot preceding
    primary properties purge qualify range recluster recursive references refresh rename reorg repair replace
    respect restore restrict retain revoke right rlike rollup row rows run schema schemas select semi set sets
    shallow show some sort source stored stream sync table tables tablesample target tblproperties temp
    temporary then time to trailing true truncate try_cast cast unbounded uncache undrop union unique unknown
    unpivot unset update use using vacuum values variable version view views volume when where window with
    within zorder hours
  `),
);

/** Types, in lower case. */
export const TYPES = new Set(
  list(`
    array bigint binary boolean byte char character date dec decimal double float int integer long map numeric
    real short smallint string struct timestamp timestamp_ltz timestamp_ntz tinyint varchar variant void
  `),
);

/**
 * Words that formatting writes in capitals. Only those which are not also names of columns in practice: the
 * name of a column in a result is as it was written, so its letters are part of the meaning.
 */
export const CAPITALS = new Set(
  list(`
    select distinct from where group by having order limit qualify union intersect except join inner left
    right full outer cross natural semi anti lateral on using as and or not in is null between like ilike
    rlike case when then else end exists with recursive insert into values update set delete merge matched
    create replace table drop alter over partition rows preceding following unbounded asc desc nulls pivot
    unpivot tblproperties
  `),
);

/** Words that formatting writes in capitals where they stand together. */
export const CAPITAL_PHRASES = lines(`
  partitioned by
  cluster by
  sort by
  distribute by
  zorder by
  version as of
  timestamp as of
  if not exists
  if exists
  temp view
  temporary view
  insert overwrite
  lateral view
  not enforced
  primary key
  nulls first
  nulls last
  schema evolution
`).map((phrase) => phrase.split(" "));

/** Every word whose letter case formatting may change. */
export const CASELESS = new Set([...CAPITALS, ...CAPITAL_PHRASES.flat()]);

/** What ends the name of a table and its alias, so that it is neither. */
export const AFTER_SOURCE = new Set(
  list(`
    add alter anti as by changes clone cluster comment cross deep distribute drop except except extend fetch
    for from full group having inner intersect join lateral left limit location minus natural offset on order
    outer partition partitioned pivot qualify rename replace retain right select semi set shallow sort
    tablesample tblproperties then union unpivot using values where when window with zorder unset dry
    timestamp version aggregate
  `),
);

/** Keywords that stand for a value, so that an operator follows them. */
export const VALUE_WORDS = new Set(
  list("null true false end current_date current_timestamp current_user asc desc matched unbounded row"),
);

/** How statements begin. */
export const STATEMENT_STARTS = lines(`
  SELECT
  WITH
  FROM
  INSERT INTO
  INSERT OVERWRITE
  UPDATE
  DELETE FROM
  MERGE INTO
  CREATE TABLE
  CREATE OR REPLACE TABLE
  CREATE TABLE IF NOT EXISTS
  CREATE VIEW
  CREATE OR REPLACE TEMP VIEW
  CREATE OR REPLACE VIEW
  CREATE SCHEMA
  ALTER TABLE
  DROP TABLE
  DROP VIEW
  DROP SCHEMA
  UNDROP TABLE
  TRUNCATE TABLE
  DESCRIBE
  DESCRIBE HISTORY
  DESCRIBE DETAIL
  DESCRIBE EXTENDED
  SHOW TABLES
  SHOW SCHEMAS
  SHOW COLUMNS IN
  SHOW CREATE TABLE
  SHOW TBLPROPERTIES
  EXPLAIN
  EXPLAIN ANALYZE
  OPTIMIZE
  VACUUM
  RESTORE TABLE
  CONVERT TO DELTA
  COPY INTO
  COPY
  REORG TABLE
  COMMENT ON TABLE
  USE
  SET
  VALUES
`);

/** Words that go on where a value has ended. */
export const CONTINUATIONS = lines(`
  FROM
  WHERE
  GROUP BY
  ORDER BY
  HAVING
  LIMIT
  OFFSET
  QUALIFY
  JOIN
  LEFT JOIN
  INNER JOIN
  RIGHT JOIN
  FULL JOIN
  CROSS JOIN
  LEFT SEMI JOIN
  LEFT ANTI JOIN
  LATERAL VIEW
  ON
  USING
  AS
  AND
  OR
  IN
  NOT IN
  IS NULL
  IS NOT NULL
  IS DISTINCT FROM
  LIKE
  NOT LIKE
  ILIKE
  RLIKE
  BETWEEN
  NOT BETWEEN
  THEN
  WHEN
  ELSE
  END
  OVER
  FILTER
  ASC
  DESC
  NULLS FIRST
  NULLS LAST
  PARTITION BY
  ROWS BETWEEN
  RANGE BETWEEN
  UNBOUNDED PRECEDING
  UNBOUNDED FOLLOWING
  CURRENT ROW
  PRECEDING
  FOLLOWING
  UNION
  UNION ALL
  EXCEPT
  INTERSECT
  VALUES
  SET
  WHEN MATCHED THEN
  WHEN NOT MATCHED THEN
  WHEN NOT MATCHED BY SOURCE THEN
  INSERT
  INSERT *
  UPDATE SET
  UPDATE SET *
  DELETE
  VERSION AS OF
  TIMESTAMP AS OF
  TABLESAMPLE
  PIVOT
  UNPIVOT
  WINDOW
  CLUSTER BY
  PARTITIONED BY
  TBLPROPERTIES
  USING DELTA
  COMMENT
  LOCATION
  ADD COLUMN
  ADD COLUMNS
  ADD CONSTRAINT
  DROP COLUMN
  RENAME COLUMN
  RENAME TO
  ALTER COLUMN
  SET TBLPROPERTIES
  UNSET TBLPROPERTIES
  SHALLOW CLONE
  DEEP CLONE
  ZORDER BY
  RETAIN
  DRY RUN
  TO VERSION AS OF
  TO TIMESTAMP AS OF
  WITH SCHEMA EVOLUTION
  NOT NULL
  DEFAULT
`);

/** Words that a value can begin with, or that stand before one. */
export const VALUE_STARTS = lines(`
  DISTINCT
  CASE
  WHEN
  CAST
  TRY_CAST
  NOT
  NULL
  TRUE
  FALSE
  EXISTS
  INTERVAL
  DATE
  TIMESTAMP
  SELECT
  EXCEPT
  ALL
  FROM
  BY
  IF EXISTS
  IF NOT EXISTS
  PARTITION BY
  ORDER BY
  MATCHED
  NOT MATCHED
  UPDATE SET
  DELETE
  INSERT
  LATERAL
  TABLE
  VALUES
  SET
  BETWEEN
`);

/** What follows a pipe. */
export const PIPE_STARTS = lines(`
  SELECT
  EXTEND
  SET
  DROP
  AS
  WHERE
  AGGREGATE
  JOIN
  LEFT JOIN
  ORDER BY
  LIMIT
  UNION ALL
  EXCEPT
  INTERSECT
  PIVOT
  UNPIVOT
  TABLESAMPLE
`);

/** How the types are offered. */
export const TYPE_NAMES = lines(`
  STRING
  INT
  BIGINT
  DOUBLE
  BOOLEAN
  DATE
  TIMESTAMP
  DECIMAL(10, 2)
  SMALLINT
  TINYINT
  FLOAT
  BINARY
  TIMESTAMP_NTZ
  VARIANT
  ARRAY<STRING>
  MAP<STRING, STRING>
  STRUCT<name: STRING>
`);
