SELECT origin, destination, flights
FROM (
  SELECT origin, destination, count(*) AS flights,
         row_number() OVER (PARTITION BY origin ORDER BY count(*) DESC, destination) AS place
  FROM parquet.`flights-3m.parquet`
  WHERE origin IN ('SEA', 'SFO', 'JFK')
  GROUP BY origin, destination
) routes
WHERE place <= 3
ORDER BY origin, flights DESC, destination
