WITH hot AS (SELECT date, temp_max FROM csv.`seattle-weather.csv` WHERE temp_max >= 30),
     wet AS (SELECT date FROM csv.`seattle-weather.csv` WHERE precipitation > 0)
SELECT hot.date, hot.temp_max FROM hot LEFT ANTI JOIN wet ON hot.date = wet.date ORDER BY hot.temp_max DESC, hot.date LIMIT 10
