SELECT x.city, x.iata AS first_code, y.iata AS second_code
FROM csv.`airports.csv` x
JOIN csv.`airports.csv` y ON x.city = y.city AND x.state = y.state AND x.iata < y.iata
WHERE x.state = 'CA'
ORDER BY x.city, x.iata, y.iata
LIMIT 25
