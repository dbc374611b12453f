SELECT `Major Genre` AS genre, count(*) AS movies, round(avg(`IMDB Rating`), 4) AS rating
FROM json.`movies.json`
GROUP BY `Major Genre`
ORDER BY movies DESC, genre
