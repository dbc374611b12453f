SELECT extract(YEAR FROM date) AS year, weather, count(*) AS days, round(sum(precipitation), 1) AS rain
FROM csv.`seattle-weather.csv`
GROUP BY extract(YEAR FROM date), weather
ORDER BY year, weather
