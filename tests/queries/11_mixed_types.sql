SELECT Title, `IMDB Votes`
FROM json.`movies.json`
WHERE Title IN ('300', '1776', '1941')
ORDER BY Title
