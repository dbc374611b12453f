CREATE TEMPORARY VIEW late AS SELECT * FROM parquet.`flights-3m.parquet` WHERE delay > 120;
SELECT origin, count(*) AS flights FROM late GROUP BY origin HAVING count(*) > 1000 ORDER BY flights DESC, origin
