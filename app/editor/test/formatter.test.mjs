import { test } from "node:test";
import { format } from "../src/formatter.js";
test("try", () => {
  for (const sql of [
"select a,b from t where x=1 and y in (1,2) -- hi\n;select 2; -- two\n\n-- three\nselect 3",
"MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.x > 1 THEN UPDATE SET t.a = s.a, b = 2 WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, a) VALUES (s.id, s.a) WHEN NOT MATCHED BY SOURCE THEN DELETE",
"SELECT * FROM delta.`p` VERSION AS OF 1 t",
"select a:b.c, a:b[0].c::int, :p, transform(xs, x -> x + 1) from t qualify row_number() over (partition by a order by b desc) = 1",
"FROM t |> WHERE a > 1 |> AGGREGATE sum(b) AS total GROUP BY a |> ORDER BY total DESC |> LIMIT 3",
"with a as (select 1), b as (select * from a) select * from b join a on true left join parquet.`x y.parquet` p using (id)",
"create or replace table t (id bigint not null, d date comment 'it''s') using delta partitioned by (d) tblproperties ('a' = 'b')",
"update t set a = 1, b = b + 1 where id in (select id from s)",
"select cast(a as array<struct<x: int, y: map<string, array<int>>>>), 1.5e3, -1, x'ff', r'\\d', date '2024-01-01', interval 3 days from t",
]) { const r = format(sql); console.log(r.text, r.failures, "\n-------"); }
});
