SELECT count(*) AS movies, count(`US DVD Sales`) AS with_sales, sum(`US DVD Sales`) AS sales,
       count(CASE WHEN `Running Time min` IS NULL THEN 1 END) AS without_time
FROM json.`movies.json`
