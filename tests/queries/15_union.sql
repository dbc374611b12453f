SELECT 'origin' AS kind, origin AS airport, count(*) AS flights FROM parquet.`flights-3m.parquet` WHERE origin = 'HNL' GROUP BY origin
UNION ALL
SELECT 'destination', destination, count(*) FROM parquet.`flights-3m.parquet` WHERE destination = 'HNL' GROUP BY destination
ORDER BY kind
