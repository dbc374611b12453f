//! The tree of what can be queried, as plain data: what is in it, and which lines of it are seen.

use crate::display;
use crate::source::{ColumnOf, Source, kind_of};
use crate::sql_type::{self, SqlType};
use crate::tables::TableName;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tarn_rpc::FileEntry;

/// No more lines than this are drawn below one; the filter finds the rest.
const MAX_LINES: usize = 400;

/// What a line stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// A kind of things.
    Group,
    /// A folder of files.
    Folder {
        /// Its path, with a slash at its end.
        path: String,
        /// The format of its files.
        format: Option<String>,
    },
    /// Something with columns.
    Source(Source, Option<FileEntry>),
    /// A file that cannot be queried.
    Other(FileEntry),
    /// A column or a field.
    Column {
        /// It.
        column: ColumnOf,
        /// Whether SQL can name it alone.
        is_named: bool,
    },
    /// Words in the place of lines.
    Note,
}

/// Something in the tree with what is below it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Branch {
    /// Unique in the tree.
    pub(super) key: String,
    /// Its name.
    pub(super) label: String,
    /// Where it is.
    pub(super) place: String,
    /// What it is.
    pub(super) what: What,
    /// What is below it, as far as it is known without asking.
    pub(super) below: Vec<Branch>,
}

/// A line that is seen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// Unique in the tree.
    pub(super) key: String,
    /// The line that it is below.
    pub(super) parent: Option<String>,
    /// Its name.
    pub(super) label: String,
    /// Where it is.
    pub(super) place: String,
    /// What it is.
    pub(super) what: What,
    /// How deep it is, from 1.
    pub(super) level: usize,
    /// Its place among its siblings, from 1, and how many these are.
    pub(super) position: (usize, usize),
    /// Whether what is below it is seen; `None` where there is nothing.
    pub(super) is_open: Option<bool>,
}

/// The columns of a source.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Loaded {
    /// They were asked for.
    Waiting,
    /// Here they are.
    Columns(Vec<ColumnOf>),
    /// Why they are not.
    Failed(String),
}

/// What is known and wanted of the tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct State {
    /// The lines that were opened; of groups, those that were closed.
    pub(super) turned: BTreeSet<String>,
    /// The columns of the sources that were opened.
    pub(super) columns: HashMap<String, Loaded>,
}

impl Branch {
    /// A group of branches, if there are any.
    pub(super) fn group(label: &str, below: Vec<Self>) -> Option<Self> {
        let what = What::Group;
        (!below.is_empty()).then(|| Self {
            key: format!("group:{label}"),
            label: label.to_owned(),
            place: String::new(),
            what,
            below,
        })
    }

    /// A Delta table.
    pub(super) fn table(table: TableName) -> Self {
        let place = table.place();
        Self {
            key: format!("table:{}", table.key()),
            label: table.short().to_owned(),
            place: if place == "main.default" { String::new() } else { place },
            what: What::Source(Source::Table { table, version: None }, None),
            below: Vec::new(),
        }
    }

    /// A view of a session.
    pub(super) fn view(name: String, session: u64) -> Self {
        Self {
            key: format!("view:{name}"),
            label: name.clone(),
            place: String::new(),
            what: What::Source(Source::View { name, session }, None),
            below: Vec::new(),
        }
    }

    /// A URL of a file or folder.
    pub(super) fn url(url: &str) -> Self {
        let (place, label) = place_and_name(url);
        let what = What::Source(Source::of_path(url), None);
        Self { key: format!("url:{url}"), label, place, what, below: Vec::new() }
    }

    /// Files, those in folders below these.
    pub(super) fn files(files: Vec<FileEntry>) -> Vec<Self> {
        let (mut folders, mut loose) = (BTreeMap::<String, Vec<FileEntry>>::new(), Vec::new());
        for file in files {
            match file.path.split_once('/') {
                Some((folder, _)) => folders.entry(folder.to_owned()).or_default().push(file),
                None => loose.push(file),
            }
        }
        let folders = folders.into_iter().map(|(folder, files)| {
            let path = format!("{folder}/");
            let format = files.iter().find_map(|file| file.format.clone());
            let skipped = path.len();
            Self {
                key: format!("folder:{path}"),
                label: path.clone(),
                place: String::new(),
                what: What::Folder { path, format },
                below: files.into_iter().map(|file| Self::file(file, skipped)).collect(),
            }
        });
        folders.chain(loose.into_iter().map(|file| Self::file(file, 0))).collect()
    }

    /// A file; `skipped` bytes of its path are said by the folder above it.
    fn file(file: FileEntry, skipped: usize) -> Self {
        let label = file.path.get(skipped..).unwrap_or(&file.path).to_owned();
        let key = format!("file:{}", file.path);
        let what = match Source::of_entry(&file) {
            Some(source) => What::Source(source, Some(file)),
            None => What::Other(file),
        };
        Self { key, label, place: String::new(), what, below: Vec::new() }
    }
}

impl Line {
    /// Its size, for files and folders.
    pub(super) fn size(&self, branches: &[Branch]) -> Option<u64> {
        match &self.what {
            What::Source(_, Some(file)) | What::Other(file) => Some(file.size_bytes),
            What::Folder { .. } => {
                let files =
                    branches.iter().flat_map(|group| &group.below).find(|branch| branch.key == self.key);
                files.map(|folder| {
                    let sizes = folder.below.iter().map(|file| match &file.what {
                        What::Source(_, Some(file)) | What::Other(file) => file.size_bytes,
                        _ => 0,
                    });
                    sizes.sum()
                })
            }
            _ => None,
        }
    }
}

/// The lines that are seen, in order. With a filter, those whose name or path has all its words, and what these are below.
pub(super) fn lines(branches: &[Branch], state: &State, filter: &str) -> Vec<Line> {
    let filter = filter.to_lowercase();
    let words: Vec<&str> = filter.split_whitespace().collect();
    let mut lines = Vec::new();
    add(branches, state, &words, 1, None, &mut lines);
    lines
}

fn add(
    branches: &[Branch],
    state: &State,
    words: &[&str],
    level: usize,
    parent: Option<&str>,
    lines: &mut Vec<Line>,
) {
    let kept: Vec<&Branch> = branches.iter().filter(|branch| is_kept(branch, state, words)).collect();
    let cut = kept.len().saturating_sub(MAX_LINES);
    let count = kept.len() - cut + usize::from(cut > 0);
    for (at, branch) in kept.into_iter().take(MAX_LINES).enumerate() {
        let is_group = branch.what == What::Group;
        let fields = below(branch, state);
        let can_open = !fields.is_empty() || matches!(branch.what, What::Source(..));
        // What the filter found is shown.
        let is_found_below = !words.is_empty() && !has_words(branch, words);
        let is_open = (state.turned.contains(&branch.key) != is_group) || is_found_below;
        lines.push(Line {
            key: branch.key.clone(),
            parent: parent.map(str::to_owned),
            label: branch.label.clone(),
            place: branch.place.clone(),
            what: branch.what.clone(),
            level,
            position: (at + 1, count),
            is_open: can_open.then_some(is_open),
        });
        if can_open && is_open {
            let inner = if has_words(branch, words) && !is_group { &[] } else { words };
            add(&fields, state, inner, level + 1, Some(&branch.key), lines);
        }
    }
    if cut > 0 {
        let label = format!("{} more: filter to find them", display::count(cut as u64));
        lines.push(Line {
            key: format!("more:{}", parent.unwrap_or_default()),
            parent: parent.map(str::to_owned),
            label,
            place: String::new(),
            what: What::Note,
            level,
            position: (count, count),
            is_open: None,
        });
    }
}

fn has_words(branch: &Branch, words: &[&str]) -> bool {
    if branch.what == What::Group {
        return words.is_empty();
    }
    let name = match &branch.what {
        What::Column { .. } | What::Note => branch.label.to_lowercase(),
        _ => {
            let path = branch.key.split_once(':').map_or("", |(_, path)| path);
            format!("{} {} {path}", branch.label, branch.place).to_lowercase()
        }
    };
    words.iter().all(|word| name.contains(word))
}

fn is_kept(branch: &Branch, state: &State, words: &[&str]) -> bool {
    has_words(branch, words) || below(branch, state).iter().any(|inner| is_kept(inner, state, words))
}

/// What is below a branch, with the columns that were asked for.
fn below(branch: &Branch, state: &State) -> Vec<Branch> {
    let note = |label: &str| Branch {
        key: format!("note:{}", branch.key),
        label: label.to_owned(),
        place: String::new(),
        what: What::Note,
        below: Vec::new(),
    };
    match &branch.what {
        What::Source(..) => match state.columns.get(&branch.key) {
            None => Vec::new(),
            Some(Loaded::Waiting) => vec![note("Asking for the columns…")],
            Some(Loaded::Failed(why)) => vec![note(why)],
            Some(Loaded::Columns(columns)) if columns.is_empty() => vec![note("It has no columns")],
            Some(Loaded::Columns(columns)) => {
                columns.iter().map(|column| of_column(&branch.key, column.clone(), true)).collect()
            }
        },
        What::Column { column, is_named } => {
            let Some(inside) = SqlType::parse(&column.type_name).inside() else { return Vec::new() };
            let field = |field: sql_type::Field| {
                let path = column.path.iter().cloned().chain([field.name]).collect();
                let kind = kind_of(&field.type_name);
                let column = ColumnOf { path, type_name: field.type_name, kind, ..column.clone() };
                of_column(&branch.key, column, *is_named && inside.is_by_name)
            };
            inside.fields.clone().into_iter().map(field).collect()
        }
        _ => branch.below.clone(),
    }
}

fn of_column(above: &str, column: ColumnOf, is_named: bool) -> Branch {
    let label = column.path.last().cloned().unwrap_or_default();
    Branch {
        // A result may have two columns of one name.
        key: format!("{above}/{}/{label}", column.place),
        label,
        place: String::new(),
        what: What::Column { column, is_named },
        below: Vec::new(),
    }
}

/// The next line, from one of them on, whose name begins so; letter case does not matter.
pub(super) fn typed_ahead(lines: &[Line], from: usize, typed: &str) -> Option<usize> {
    let typed = typed.to_lowercase();
    // One letter again goes on to the next; more letters stay where they fit.
    let first = if typed.chars().count() == 1 { from + 1 } else { from };
    (0..lines.len())
        .map(|step| (first + step) % lines.len())
        .find(|at| lines.get(*at).is_some_and(|line| line.label.to_lowercase().starts_with(&typed)))
}

/// A URL's host or bucket, and the last part of its path.
fn place_and_name(url: &str) -> (String, String) {
    let bare = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/');
    let path = bare.split_once("://").map_or(bare, |(_, path)| path);
    match (path.split_once('/'), path.rsplit_once('/')) {
        (Some((place, _)), Some((_, name))) => (place.to_owned(), name.to_owned()),
        _ => (String::new(), path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> FileEntry {
        FileEntry {
            path: path.to_owned(),
            size_bytes: 10,
            modified_millis: 0,
            format: crate::sql_text::format_of(path).map(str::to_owned),
            is_opened: true,
        }
    }

    fn tree() -> Vec<Branch> {
        let files = Branch::files(vec![
            entry("a.csv"),
            entry("day/1.parquet"),
            entry("day/2.parquet"),
            entry("b.md"),
        ]);
        [Branch::group("Opened", files), Branch::group("URLs", Vec::new())].into_iter().flatten().collect()
    }

    fn column(type_name: &str) -> ColumnOf {
        ColumnOf {
            source: Source::of_path("a.csv"),
            path: vec!["s".to_owned()],
            place: 0,
            type_name: type_name.to_owned(),
            kind: kind_of(type_name),
        }
    }

    fn seen(state: &State, filter: &str) -> Vec<String> {
        lines(&tree(), state, filter).iter().map(|line| format!("{}{}", line.level, line.label)).collect()
    }

    #[test]
    fn folders_open_and_groups_are_open() {
        let mut state = State::default();
        assert_eq!(seen(&state, ""), ["1Opened", "2day/", "2a.csv", "2b.md"]);
        state.turned.insert("folder:day/".to_owned());
        assert_eq!(seen(&state, ""), ["1Opened", "2day/", "31.parquet", "32.parquet", "2a.csv", "2b.md"]);
        state.turned.insert("group:Opened".to_owned());
        assert_eq!(seen(&state, ""), ["1Opened"]);
    }

    #[test]
    fn the_filter_shows_what_it_found_and_where() {
        assert_eq!(seen(&State::default(), "2.PAR"), ["1Opened", "2day/", "32.parquet"]);
        assert!(seen(&State::default(), "nothing").is_empty());
    }

    #[test]
    fn columns_unfold_to_their_fields() {
        let mut state = State::default();
        let key = "file:a.csv".to_owned();
        state.turned.insert(key.clone());
        state
            .columns
            .insert(key.clone(), Loaded::Columns(vec![column("STRUCT<a: INT, b: ARRAY<STRUCT<c: INT>>>")]));
        assert_eq!(seen(&state, "csv"), ["1Opened", "2a.csv", "3s"]);
        state.turned.insert(format!("{key}/0/s"));
        state.turned.insert(format!("{key}/0/s/0/b"));
        let all = lines(&tree(), &state, "csv");
        let named = all.iter().filter_map(|line| match &line.what {
            What::Column { column, is_named } => Some((column.title(), *is_named)),
            _ => None,
        });
        let expected = [("s", true), ("s.a", true), ("s.b", true), ("s.b.c", false)];
        assert_eq!(named.collect::<Vec<_>>(), expected.map(|(title, is_named)| (title.to_owned(), is_named)));
        assert_eq!(typed_ahead(&all, 0, "a"), Some(1));
        assert_eq!(typed_ahead(&all, 1, "a"), Some(3));
    }

    #[test]
    fn names_of_urls_are_short() {
        assert_eq!(place_and_name("https://h/a/b.csv?x=/y"), ("h".to_owned(), "b.csv".to_owned()));
        assert_eq!(place_and_name("s3://bucket"), (String::new(), "bucket".to_owned()));
    }
}
