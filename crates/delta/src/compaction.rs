//! Which files OPTIMIZE puts together: those that are small, in bins of about the size of one file.

/// Of the rows of a file, so much may be deleted by a deletion vector before it is worth to write the rest anew.
pub const MOST_DELETED_RATIO: f64 = 0.05;

/// What is known of a file that may be rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileWeight {
    /// Its bytes.
    pub size_bytes: u64,
    /// Rows that its deletion vector deletes.
    pub deleted_rows: u64,
    /// Its rows, deleted ones too; `None` where its statistics do not say.
    pub rows: Option<u64>,
}

impl FileWeight {
    /// Whether so many rows are deleted that the file is written anew for that alone.
    pub fn is_hollow(&self) -> bool {
        match self.rows {
            Some(rows) => self.deleted_rows as f64 > rows as f64 * MOST_DELETED_RATIO,
            None => self.deleted_rows > 0,
        }
    }
}

/// Puts the files of one partition that are worth to be rewritten into bins, each of which becomes a file of about
/// `target_bytes`. Files stay in their order, so what was written at one time stays together. A file that would be alone
/// in its bin is left out, unless it is hollow.
pub fn bins<F>(
    files: impl IntoIterator<Item = F>,
    weight: impl Fn(&F) -> FileWeight,
    target_bytes: u64,
) -> Vec<Vec<F>> {
    let mut bins: Vec<Vec<F>> = Vec::new();
    let mut bin: Vec<F> = Vec::new();
    let mut bin_bytes = 0u64;
    let is_worth_it = |bin: &[F]| bin.len() > 1 || bin.iter().any(|file| weight(file).is_hollow());
    for file in files {
        let of_file = weight(&file);
        if of_file.size_bytes >= target_bytes && !of_file.is_hollow() {
            continue;
        }
        if bin_bytes.saturating_add(of_file.size_bytes) > target_bytes && !bin.is_empty() {
            let full = std::mem::take(&mut bin);
            bin_bytes = 0;
            if is_worth_it(&full) {
                bins.push(full);
            }
        }
        bin_bytes = bin_bytes.saturating_add(of_file.size_bytes);
        bin.push(file);
    }
    if is_worth_it(&bin) {
        bins.push(bin);
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(u64, u64)], expect: &[&[u64]]) {
        let weight =
            |file: &&(u64, u64)| FileWeight { size_bytes: file.0, deleted_rows: file.1, rows: Some(100) };
        let found = bins(files, weight, 100);
        let sizes: Vec<Vec<u64>> =
            found.iter().map(|bin| bin.iter().map(|(size, _)| *size).collect()).collect();
        assert_eq!(sizes, expect, "{files:?}");
    }

    #[test]
    fn small_files_fill_bins_in_their_order() {
        check(&[], &[]);
        check(&[(10, 0)], &[]);
        check(&[(10, 0), (20, 0)], &[&[10, 20]]);
        check(&[(60, 0), (60, 0)], &[]);
        check(&[(60, 0), (60, 0), (40, 0), (5, 0)], &[&[60, 40]]);
        check(&[(60, 0), (30, 0), (200, 0), (10, 0), (50, 0), (1, 0)], &[&[60, 30, 10], &[50, 1]]);
    }

    #[test]
    fn files_with_many_deleted_rows_are_rewritten_alone_too() {
        check(&[(60, 5)], &[]);
        check(&[(60, 6)], &[&[60]]);
        check(&[(500, 6), (60, 0)], &[&[500]]);
        let unknown = FileWeight { size_bytes: 1, deleted_rows: 1, rows: None };
        assert!(unknown.is_hollow());
    }
}
