SELECT iata, name, latitude
FROM csv.`airports.csv`
WHERE latitude > (SELECT avg(latitude) + 3 * stddev_pop(latitude) FROM csv.`airports.csv`)
ORDER BY latitude DESC, iata
LIMIT 10
