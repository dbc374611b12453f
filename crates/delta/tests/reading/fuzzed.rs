//! The fuzz targets for a minute: known input, changed at random. Without the guidance of cargo-fuzz, but in every run.

#[expect(clippy::expect_used, clippy::indexing_slicing, reason = "a failure here is a failed test")]
#[expect(unreachable_pub, reason = "the workspace of the targets is another")]
#[path = "../../../../fuzz/src/lib.rs"]
mod targets;

use std::time::Duration;
use tarn_platform::Instant;

/// How long each target runs.
const RUNS_FOR: Duration = Duration::from_secs(20);

/// What texts of the protocol are made of.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\n",
    "null",
    "true",
    "-1",
    "0",
    "1e400",
    "9223372036854775808",
    "\\u0000",
    "é",
    "\"add\":",
    "\"remove\":",
    "\"path\":",
    "\"partitionValues\":",
    "\"p\":",
    "\"stats\":",
    "\"size\":",
    "\"deletionVector\":",
    "\"sidecar\":",
    "\"protocol\":",
    "\"metaData\":",
    "\"version\":",
    "-9999-12-31",
    "23:59:60",
    "NaN",
];

/// Commits that are right, of all kinds of actions.
const COMMITS: &[&str] = &[
    r#"{"add":{"path":"p=2020-02-29/a.parquet","partitionValues":{"p":"2020-02-29"},"size":1,"modificationTime":1,"dataChange":true,"stats":"{\"numRecords\":3,\"minValues\":{\"x\":1},\"maxValues\":{\"x\":9},\"nullCount\":{\"x\":0}}"}}"#,
    r#"{"add":{"path":"b.parquet","partitionValues":{"p":null},"size":1,"modificationTime":1,"dataChange":true,"deletionVector":{"storageType":"i","pathOrInlineDv":"wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L","sizeInBytes":40,"cardinality":6}}}"#,
    r#"{"remove":{"path":"a.parquet","deletionTimestamp":1,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{"p":"2020-02-29"},"size":1}}"#,
    r#"{"commitInfo":{"timestamp":1,"inCommitTimestamp":1,"operation":"WRITE"}}
{"txn":{"appId":"a","version":1,"lastUpdated":1}}
{"domainMetadata":{"domain":"delta.clustering","configuration":"{\"clusteringColumns\":[[\"x\"]]}","removed":false}}"#,
    r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}}"#,
    r#"{"version":1,"size":2,"sizeInBytes":3,"parts":2,"checkpointSchema":{"type":"struct","fields":[]}}"#,
    r#"{"checkpointMetadata":{"version":1}}
{"sidecar":{"path":"a.parquet","sizeInBytes":1,"modificationTime":1}}"#,
];

const VALUES: &[&str] = &[
    "2020-02-29",
    "2020-02-29 23:59:59.999999",
    "2020-02-29T00:00:00.000001Z",
    "-1",
    "255",
    "1.50",
    "-1.5e-3",
    "true",
    "Infinity",
    "NaN",
    "a b/c=%",
    "\u{1}\u{2}",
    "",
];

/// A small generator (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 8).unwrap_or_default() % limit.max(1)
    }

    fn pick<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts.get(self.below(texts.len())).copied().unwrap_or_default()
    }

    /// Bytes with some of them changed, left out, put twice, or with a word put in.
    fn changed(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.below(6) {
            let start = self.below(bytes.len() + 1);
            let end = (start + self.below(12)).min(bytes.len());
            match self.below(5) {
                0 => drop(bytes.drain(start..end)),
                1 => {
                    let again = bytes.get(start..end).unwrap_or_default().to_vec();
                    let place = self.below(bytes.len() + 1);
                    drop(bytes.splice(place..place, again));
                }
                2 => {
                    let word = self.pick(WORDS).bytes().collect::<Vec<u8>>();
                    drop(bytes.splice(start..end, word));
                }
                3 => {
                    let bit = self.below(8);
                    bytes.iter_mut().skip(start).take(1).for_each(|byte| *byte ^= 1 << bit);
                }
                _ => bytes.truncate(bytes.len() - self.below(bytes.len() / 4 + 1)),
            }
        }
        bytes
    }
}

/// Input that is told where it makes the test fail.
struct Shown(Vec<u8>);

impl Drop for Shown {
    #[expect(clippy::print_stdout, reason = "the harness shows it with the failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("with the input {}", self.0.escape_ascii());
        }
    }
}

/// Calls a target with ever new input until its time is over.
async fn fuzz(make: impl Fn(&mut Random) -> Vec<u8>, target: impl AsyncFn(&[u8])) {
    let mut random = Random(tarn_platform::random_u64() | 1);
    let start = Instant::now();
    let mut runs = 0u64;
    while start.elapsed() < RUNS_FOR {
        let data = make(&mut random);
        let data = Shown(data);
        target(&data.0).await;
        runs += 1;
    }
    assert!(runs > 100, "{runs}");
}

#[tokio::test]
async fn any_commit_is_a_version_or_an_error() {
    let make = |random: &mut Random| {
        let mut commit = Vec::new();
        for _ in 0..=random.below(3) {
            let line = random.pick(COMMITS).as_bytes().to_vec();
            commit.extend(random.changed(line));
            commit.push(b'\n');
        }
        match random.below(4) {
            0 => [targets::log::FIRST, &commit].concat(),
            1 => random.changed(targets::log::FIRST.to_vec()),
            _ => commit,
        }
    };
    fuzz(make, async |data: &[u8]| targets::log::run(data).await).await;
}

#[tokio::test]
async fn any_deletion_vector_is_rows_or_an_error() {
    use tarn_delta::deletion_vector::DeletionVector;
    let make = |random: &mut Random| {
        let mut vector = DeletionVector::new();
        for _ in 0..random.below(50) {
            let row = random.below(100_000) as u64;
            vector.insert(row << (random.below(3) * 8));
        }
        let bytes = match random.below(3) {
            0 => random.changed(b"wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L".to_vec()),
            1 => random.changed(vector.to_inline().path_or_inline_dv.into_bytes()),
            _ => {
                // In a file; damage that the checksum would show is of no interest.
                let mut payload = 1_681_511_377_i32.to_le_bytes().to_vec();
                vector.as_treemap().serialize_into(&mut payload).expect("memory takes all");
                let payload = random.changed(payload);
                let size = u32::try_from(payload.len()).expect("a small vector").to_be_bytes();
                let checksum = crc32fast::hash(&payload).to_be_bytes();
                [&[1], size.as_slice(), &payload, &checksum].concat()
            }
        };
        let numbers: Vec<u8> = (0..16).map(|_| [0, 0, 1, 40, 255][random.below(5)]).collect();
        [numbers, bytes].concat()
    };
    fuzz(make, async |data: &[u8]| targets::deletion_vector::run(data).await).await;
}

#[tokio::test]
async fn any_partition_value_is_read_as_it_is_written() {
    let make = |random: &mut Random| {
        let value = random.pick(VALUES).as_bytes().to_vec();
        random.changed(value)
    };
    fuzz(make, async |data: &[u8]| targets::partition_value::run(data)).await;
}
