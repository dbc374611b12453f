SELECT c.country, count(*) AS airports, round(max(c.latitude), 6) AS northmost
FROM read_files('airports.csv', format => 'csv', header => true) c
GROUP BY c.country
ORDER BY airports DESC, c.country
