SELECT Title, `US Gross`
FROM json.`movies.json`
WHERE Title LIKE '%Star Wars%' OR Title LIKE '%Star Trek%'
ORDER BY Title
