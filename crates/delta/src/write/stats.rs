//! Statistics of a file while it is written ("Per-file Statistics").

mod bounds;
mod columns;
mod footer;

use crate::Result;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, make_array};
use arrow::buffer::NullBuffer;
use bounds::Bounds;
pub(super) use columns::data_fields;
pub use columns::{IndexedColumn, indexed_columns};

/// Collects the statistics of one file.
#[derive(Debug)]
pub struct StatsCollector {
    num_records: u64,
    columns: Vec<(IndexedColumn, ColumnStats)>,
}

#[derive(Debug, Default)]
struct ColumnStats {
    null_count: u64,
    bounds: Bounds,
}

impl StatsCollector {
    /// For a new file, whose columns these are.
    pub fn new(columns: &[IndexedColumn]) -> Self {
        let columns = columns.iter().map(|column| (column.clone(), ColumnStats::default())).collect();
        Self { num_records: 0, columns }
    }

    /// Takes rows of the file into account.
    ///
    /// # Errors
    /// When an array is not sound.
    pub fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        self.num_records += batch.num_rows() as u64;
        for (column, stats) in &mut self.columns {
            let Some(array) = leaf(batch, &column.position)? else { continue };
            stats.null_count += array.logical_null_count() as u64;
            if column.has_bounds {
                stats.bounds.update(&array);
            }
        }
        Ok(())
    }

    /// The statistics as `add.stats` has them.
    pub fn to_json(&self) -> String {
        let mut text = format!("{{\"numRecords\":{}", self.num_records);
        let min = self.tree(|stats| stats.bounds.min_json());
        let max = self.tree(|stats| stats.bounds.max_json());
        let null_count = self.tree(|stats| Some(stats.null_count.to_string()));
        for (name, tree) in [("minValues", min), ("maxValues", max), ("nullCount", null_count)] {
            text.push_str(&format!(",\"{name}\":"));
            tree.write(&mut text);
        }
        text.push_str(",\"tightBounds\":true}");
        text
    }

    fn tree(&self, value: impl Fn(&ColumnStats) -> Option<String>) -> Tree {
        let mut tree = Tree::default();
        for (column, stats) in &self.columns {
            if let Some(value) = value(stats) {
                tree.insert(&column.path, value);
            }
        }
        tree
    }
}

/// The array of a nested column, null where one of its parents is.
fn leaf(batch: &RecordBatch, position: &[usize]) -> Result<Option<ArrayRef>> {
    let Some((first, rest)) = position.split_first() else { return Ok(None) };
    let Some(mut array) = batch.columns().get(*first).cloned() else { return Ok(None) };
    let mut nulls: Option<NullBuffer> = None;
    for position in rest {
        let Some(structs) = array.as_struct_opt() else { return Ok(None) };
        nulls = NullBuffer::union(nulls.as_ref(), structs.nulls());
        let Some(child) = structs.columns().get(*position).cloned() else { return Ok(None) };
        array = child;
    }
    match nulls {
        None => Ok(Some(array)),
        Some(parents) => {
            let nulls = NullBuffer::union(Some(&parents), array.nulls());
            Ok(Some(make_array(array.to_data().into_builder().nulls(nulls).build()?)))
        }
    }
}

/// JSON objects in objects, in the order of the columns. `serde_json`'s numbers could not hold every decimal.
#[derive(Debug, Default)]
struct Tree {
    children: Vec<(String, Node)>,
}

#[derive(Debug)]
enum Node {
    Leaf(String),
    Object(Tree),
}

impl Tree {
    fn insert(&mut self, path: &[String], value: String) {
        let Some((name, rest)) = path.split_first() else { return };
        if rest.is_empty() {
            self.children.push((name.clone(), Node::Leaf(value)));
            return;
        }
        let there = self.children.iter_mut().find_map(|(other, node)| match node {
            Node::Object(tree) if other == name => Some(tree),
            _ => None,
        });
        match there {
            Some(tree) => tree.insert(rest, value),
            None => {
                let mut tree = Self::default();
                tree.insert(rest, value);
                self.children.push((name.clone(), Node::Object(tree)));
            }
        }
    }

    fn write(&self, text: &mut String) {
        text.push('{');
        for (index, (name, node)) in self.children.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(&serde_json::Value::from(name.as_str()).to_string());
            text.push(':');
            match node {
                Node::Leaf(value) => text.push_str(value),
                Node::Object(tree) => tree.write(text),
            }
        }
        text.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ColumnMappingMode, DataType, StructField, StructType};
    use arrow::array::{Float64Array, Int64Array, StringArray, StructArray};
    use std::sync::Arc;

    #[test]
    fn nested_columns_count_the_nulls_of_their_parents() {
        let inner = StructType { fields: vec![StructField::new("b", DataType::Long, true)] };
        let schema = StructType {
            fields: vec![
                StructField::new("a", DataType::Struct(inner), true),
                StructField::new("s", DataType::String, true),
                StructField::new("f", DataType::Double, true),
            ],
        };
        let properties = crate::properties::TableProperties::of(&Default::default());
        let columns = indexed_columns(&schema, &[], &properties, ColumnMappingMode::None);
        let arrow = Arc::new(schema.to_physical_arrow(ColumnMappingMode::None));
        let fields = match arrow.field(0).data_type() {
            arrow::datatypes::DataType::Struct(fields) => fields.clone(),
            _ => Default::default(),
        };
        let b: ArrayRef = Arc::new(Int64Array::from(vec![Some(i64::MAX), Some(-1), None]));
        let nulls = NullBuffer::from(vec![true, false, true]);
        let a = StructArray::new(fields, vec![b], Some(nulls));
        let s = StringArray::from(vec![None, Some("é\"x"), Some("b")]);
        let f = Float64Array::from(vec![0.0, f64::NAN, 1.0]);
        let batch = RecordBatch::try_new(arrow, vec![Arc::new(a), Arc::new(s), Arc::new(f)]).unwrap();
        let mut stats = StatsCollector::new(&columns);
        stats.update(&batch).unwrap();
        assert_eq!(
            stats.to_json(),
            concat!(
                r#"{"numRecords":3,"minValues":{"a":{"b":9223372036854775807},"s":"b"},"#,
                r#""maxValues":{"a":{"b":9223372036854775807},"s":"é\"x"},"#,
                r#""nullCount":{"a":{"b":2},"s":1,"f":0},"tightBounds":true}"#
            )
        );
    }
}
