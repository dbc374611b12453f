SELECT a.state, count(*) AS flights
FROM parquet.`flights-3m.parquet` f
JOIN csv.`airports.csv` a ON f.origin = a.iata
GROUP BY a.state
ORDER BY flights DESC, a.state
LIMIT 10
