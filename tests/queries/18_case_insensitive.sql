SELECT ORIGIN, Count(*) AS n FROM parquet.`flights-3m.parquet` WHERE Distance > 4000 GROUP BY Origin ORDER BY N DESC, origin LIMIT 5
