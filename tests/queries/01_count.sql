SELECT count(*) AS flights, count(DISTINCT origin) AS origins FROM parquet.`flights-3m.parquet`
