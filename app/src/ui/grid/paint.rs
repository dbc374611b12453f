//! Draws the rows in view. Elements are kept and written anew only where something changed: a grid has hundreds of cells, and
//! scrolling must not build them again.

use super::cells::{Drawn, is_number};
use super::geometry::ROW_PX;
use super::px;
use super::selection::{Area, Spot};
use crate::display;
use crate::rows::Row;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use tarn_rpc::Column;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, HtmlElement};

/// A column that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slot {
    /// Its number.
    pub(super) column: usize,
    /// Its place from the left.
    pub(super) place: usize,
    pub(super) width_px: f64,
    /// Where it stays, if it is pinned.
    pub(super) pinned_px: Option<f64>,
}

/// Which columns are drawn, and where.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slots {
    pub(super) slots: Vec<Slot>,
    pub(super) gutter_px: f64,
    /// The room of the columns between the pinned ones and the first of the others.
    pub(super) skipped_px: f64,
}

/// What to draw.
pub(super) struct Picture<'a> {
    pub(super) grid_id: u32,
    pub(super) rows: Range<u64>,
    pub(super) slots: &'a Slots,
    pub(super) columns: &'a [Column],
    pub(super) active: Option<Spot>,
    pub(super) area: Option<Area>,
}

/// The elements of a grid's rows.
pub(super) struct Painter {
    holder: HtmlElement,
    document: Document,
    rows: VecDeque<RowElement>,
    slots: Option<Slots>,
    columns: usize,
}

struct RowElement {
    element: HtmlElement,
    gutter: HtmlElement,
    skip: HtmlElement,
    cells: Vec<CellElement>,
    number: Option<u64>,
    data: Option<Row>,
    /// Whether its cells have been placed as the columns are now.
    is_placed: bool,
}

struct CellElement {
    element: HtmlElement,
    text: HtmlElement,
    more: Option<HtmlElement>,
    column: Option<usize>,
    slot: Option<Slot>,
    drawn: Drawn,
    /// How it was marked; unlike any mark at first.
    class: String,
    is_active: bool,
    is_selected: Option<bool>,
}

impl Painter {
    /// Draws into an element.
    pub(super) fn new(holder: HtmlElement) -> Option<Self> {
        let document = holder.owner_document()?;
        // The element may have been that of another grid.
        holder.set_text_content(None);
        Some(Self { holder, document, rows: VecDeque::new(), slots: None, columns: 0 })
    }

    /// Draws the picture, with rows as they are here by now.
    pub(super) fn paint(
        &mut self,
        picture: &Picture<'_>,
        row: impl Fn(u64) -> Option<Row>,
    ) -> Result<(), JsValue> {
        if self.slots.as_ref() != Some(picture.slots) || self.columns != picture.columns.len() {
            let pinned = |slots: &Slots| slots.slots.iter().filter(|slot| slot.pinned_px.is_some()).count();
            if self.slots.as_ref().map(pinned) != Some(pinned(picture.slots)) {
                self.clear();
            }
            self.rows.iter_mut().for_each(|row| row.is_placed = false);
            self.slots = Some(picture.slots.clone());
            self.columns = picture.columns.len();
        }
        self.turn(&picture.rows)?;
        let Self { document, rows, .. } = self;
        for (number, element) in picture.rows.clone().zip(rows) {
            element.draw(document, picture, number, row(number))?;
        }
        Ok(())
    }

    fn clear(&mut self) {
        for row in self.rows.drain(..) {
            row.element.remove();
        }
    }

    /// Brings the elements to the rows: those that leave at one end come in at the other.
    fn turn(&mut self, wanted: &Range<u64>) -> Result<(), JsValue> {
        let count = usize::try_from(wanted.end.saturating_sub(wanted.start)).unwrap_or(0);
        while self.rows.len() < count {
            let row = RowElement::new(&self.document)?;
            self.holder.append_child(&row.element)?;
            self.rows.push_back(row);
        }
        while self.rows.len() > count {
            if let Some(row) = self.rows.pop_back() {
                row.element.remove();
            }
        }
        let first = self.rows.front().and_then(|row| row.number);
        let Some(first) = first else { return Ok(()) };
        let down = wanted.start.saturating_sub(first);
        let up = first.saturating_sub(wanted.start);
        if down < count as u64 {
            for _ in 0..down {
                if let Some(row) = self.rows.pop_front() {
                    self.holder.append_child(&row.element)?;
                    self.rows.push_back(row);
                }
            }
        }
        if up < count as u64 {
            for _ in 0..up {
                if let Some(row) = self.rows.pop_back() {
                    self.holder.insert_before(&row.element, self.holder.first_child().as_ref())?;
                    self.rows.push_front(row);
                }
            }
        }
        Ok(())
    }
}

impl RowElement {
    fn new(document: &Document) -> Result<Self, JsValue> {
        let element = div(document, "grid-row", "row")?;
        element.style().set_property("height", &px(ROW_PX))?;
        let gutter = div(document, "grid-gutter", "rowheader")?;
        gutter.set_attribute("aria-colindex", "1")?;
        let skip = div(document, "grid-skip", "presentation")?;
        element.append_child(&gutter)?;
        element.append_child(&skip)?;
        Ok(Self { element, gutter, skip, cells: Vec::new(), number: None, data: None, is_placed: false })
    }

    fn draw(
        &mut self,
        document: &Document,
        picture: &Picture<'_>,
        number: u64,
        data: Option<Row>,
    ) -> Result<(), JsValue> {
        let is_placed = std::mem::replace(&mut self.is_placed, true);
        if !is_placed {
            self.place(document, picture)?;
        }
        let is_other = self.number != Some(number);
        let has_same_data = match (&self.data, &data) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (None, None) => true,
            _ => false,
        };
        if is_other {
            self.number = Some(number);
            self.element.set_attribute("aria-rowindex", &(number + 2).to_string())?;
            self.gutter.set_text_content(Some(&display::count(number + 1)));
            self.gutter.set_attribute("data-gutter", &number.to_string())?;
        }
        if is_other || !has_same_data || !is_placed {
            self.data = data;
            let row_number = number.to_string();
            for (cell, slot) in self.cells.iter_mut().zip(&picture.slots.slots) {
                if is_other || !is_placed {
                    cell.element.set_attribute("data-row", &row_number)?;
                }
                if let Some(column) = picture.columns.get(slot.column) {
                    let value = self.data.as_ref().and_then(|row| row.get(slot.column));
                    cell.write(document, Drawn::new(column, value, slot.width_px))?;
                }
            }
        }
        let is_row_selected = picture.area.as_ref().is_some_and(|area| area.rows.contains(&number));
        for (cell, slot) in self.cells.iter_mut().zip(&picture.slots.slots) {
            let spot = (number, slot.place);
            let is_active = picture.active == Some(spot);
            let is_selected = is_row_selected && picture.area.as_ref().is_some_and(|area| area.has(spot));
            let is_number = picture.columns.get(slot.column).is_some_and(|column| is_number(column.kind));
            cell.mark(picture.grid_id, number, is_number, is_active, is_selected)?;
        }
        Ok(())
    }

    /// Brings the cells to the columns.
    fn place(&mut self, document: &Document, picture: &Picture<'_>) -> Result<(), JsValue> {
        let slots = &picture.slots.slots;
        while self.cells.len() < slots.len() {
            let cell = CellElement::new(document)?;
            self.element.append_child(&cell.element)?;
            self.cells.push(cell);
        }
        while self.cells.len() > slots.len() {
            if let Some(cell) = self.cells.pop() {
                cell.element.remove();
            }
        }
        self.gutter.style().set_property("width", &px(picture.slots.gutter_px))?;
        self.skip.style().set_property("width", &px(picture.slots.skipped_px))?;
        for (cell, slot) in self.cells.iter_mut().zip(slots) {
            cell.place(slot)?;
        }
        // The room that is skipped lies behind the pinned cells.
        let pinned = slots.iter().filter(|slot| slot.pinned_px.is_some()).count();
        let next = self.cells.get(pinned).map(|cell| cell.element.clone().unchecked_into());
        if self.skip.next_sibling() != next {
            self.element.insert_before(&self.skip, next.as_ref())?;
        }
        Ok(())
    }
}

impl CellElement {
    fn new(document: &Document) -> Result<Self, JsValue> {
        let element = div(document, "grid-cell", "gridcell")?;
        let text: HtmlElement = document.create_element("span")?.unchecked_into();
        text.set_class_name("grid-text");
        element.append_child(&text)?;
        Ok(Self {
            element,
            text,
            more: None,
            column: None,
            slot: None,
            drawn: Drawn::default(),
            class: String::new(),
            is_active: false,
            is_selected: None,
        })
    }

    fn place(&mut self, slot: &Slot) -> Result<(), JsValue> {
        let before = self.slot.replace(slot.clone());
        if before.as_ref() == Some(slot) {
            return Ok(());
        }
        let style = self.element.style();
        style.set_property("width", &px(slot.width_px))?;
        match slot.pinned_px {
            Some(left) => style.set_property("left", &px(left))?,
            None if before.is_some_and(|before| before.pinned_px.is_some()) => {
                style.remove_property("left")?;
            }
            None => {}
        }
        if self.column.replace(slot.column) != Some(slot.column) {
            self.element.set_attribute("data-column", &slot.column.to_string())?;
        }
        self.element.set_attribute("aria-colindex", &(slot.place + 2).to_string())
    }

    fn write(&mut self, document: &Document, drawn: Drawn) -> Result<(), JsValue> {
        if drawn.text != self.drawn.text {
            self.text.set_text_content(Some(&drawn.text));
        }
        if drawn.count != self.drawn.count {
            match &drawn.count {
                Some(count) => self.text.set_attribute("data-count", count)?,
                None => self.text.remove_attribute("data-count")?,
            }
        }
        match &self.more {
            None if drawn.is_cut => {
                let more: HtmlElement = document.create_element("button")?.unchecked_into();
                more.set_class_name("grid-more");
                for (name, value) in
                    [("type", "button"), ("tabindex", "-1"), ("aria-label", "Show the whole value")]
                {
                    more.set_attribute(name, value)?;
                }
                more.set_text_content(Some("…"));
                self.element.append_child(&more)?;
                self.more = Some(more);
            }
            Some(more) if drawn.is_cut != self.drawn.is_cut => more.set_hidden(!drawn.is_cut),
            _ => {}
        }
        self.drawn = drawn;
        Ok(())
    }

    fn mark(
        &mut self,
        grid_id: u32,
        row: u64,
        is_number: bool,
        is_active: bool,
        is_selected: bool,
    ) -> Result<(), JsValue> {
        let mut class = String::with_capacity(48);
        class.push_str("grid-cell");
        for (applies, name) in [
            (is_number, " grid-right"),
            (self.drawn.is_null, " grid-null"),
            (self.drawn.is_awaited, " grid-awaited"),
            (self.slot.as_ref().is_some_and(|slot| slot.pinned_px.is_some()), " grid-pinned"),
            (is_selected, " grid-selected"),
            (is_active, " grid-active"),
        ] {
            if applies {
                class.push_str(name);
            }
        }
        if class != self.class {
            self.element.set_class_name(&class);
            self.class = class;
        }
        let is_selected = is_selected || is_active;
        if self.is_selected != Some(is_selected) {
            self.element.set_attribute("aria-selected", if is_selected { "true" } else { "false" })?;
            self.is_selected = Some(is_selected);
        }
        // Only the active cell is ever asked for by its id.
        if is_active {
            self.element.set_id(&cell_id(grid_id, row, self.column.unwrap_or_default()));
        } else if self.is_active {
            self.element.remove_attribute("id")?;
        }
        self.is_active = is_active;
        Ok(())
    }
}

/// The id of the active cell's element.
pub(super) fn cell_id(grid_id: u32, row: u64, column: usize) -> String {
    format!("grid{grid_id}-{row}-{column}")
}

fn div(document: &Document, class: &str, role: &str) -> Result<HtmlElement, JsValue> {
    let element: HtmlElement = document.create_element("div")?.unchecked_into();
    element.set_class_name(class);
    element.set_attribute("role", role)?;
    Ok(element)
}
