//! How the entries of a container are laid out: on one line if they are few and short, arrays in columns, else a line each.
//!
//! The rules and their numbers are those of Node's `util.inspect`, so that output can be compared.

use super::text::columns;

/// So many levels of nesting may share a line.
const COMPACT: usize = 3;

/// What is laid out.
pub struct Entries<'a> {
    pub output: Vec<String>,
    /// What stands before the opening brace (`[Function: f]`, `<ref *1>`).
    pub base: String,
    pub open: &'a str,
    pub close: &'a str,
    /// An array's: its entries may be grouped in columns.
    pub array: Option<ArrayEntries>,
    /// Levels of nesting inside.
    pub depth_inside: usize,
    pub indentation: usize,
    /// Columns of a line.
    pub width: usize,
}

/// What grouping must know about an array.
pub struct ArrayEntries {
    /// All elements are numbers: aligned right.
    pub numbers: bool,
    /// The last entry is `... n more items`.
    pub more: bool,
}

/// The entries in their braces as one text.
pub fn lay_out(entries: Entries<'_>) -> String {
    let Entries { mut output, base, open, close, array, depth_inside, indentation, width } = entries;
    let count = output.len();
    if let Some(array) = array
        && count > 6
    {
        output = grouped(output, &array, indentation, width);
    }
    let base = if base.is_empty() { base } else { base + " " };
    if depth_inside < COMPACT && count == output.len() {
        let start = output.len() + indentation + columns(open) + columns(&base).saturating_sub(1) + 10;
        if fits(&output, start, width) && !base.contains('\n') && !output.iter().any(|entry| entry.contains('\n')) {
            return format!("{base}{open} {} {close}", output.join(", "));
        }
    }
    let line = format!("\n{}", " ".repeat(indentation));
    format!("{base}{open}{line}  {}{line}{close}", output.join(&format!(",{line}  ")))
}

fn fits(output: &[String], start: usize, width: usize) -> bool {
    let mut total = output.len() + start;
    if total + output.len() > width {
        return false;
    }
    for entry in output {
        total += columns(entry);
        if total > width {
            return false;
        }
    }
    true
}

/// Several short entries a line, in columns of equal width; as they are if they differ too much in length.
fn grouped(output: Vec<String>, array: &ArrayEntries, indentation: usize, width: usize) -> Vec<String> {
    const SEPARATOR: usize = 2;
    let items = output.len() - usize::from(array.more);
    let widths: Vec<usize> = output[..items].iter().map(|entry| columns(entry)).collect();
    let total: usize = widths.iter().map(|width| width + SEPARATOR).sum();
    let longest = widths.iter().copied().max().unwrap_or(0);
    let widest = longest + SEPARATOR;
    if widest * 3 + indentation >= width || (total as f64 / widest as f64 <= 5.0 && longest > 6) {
        return output;
    }
    // about a square, a character being 2.5 times as high as wide; short entries get more columns
    let bias = (widest as f64 - total as f64 / output.len() as f64).sqrt();
    let biased = (widest as f64 - 3.0 - bias).max(1.0);
    let square = ((2.5 * biased * items as f64).sqrt() / biased + 0.5).floor() as usize;
    let across = square.min(width.saturating_sub(indentation) / widest).min(COMPACT * 4).min(15);
    if across <= 1 {
        return output;
    }
    let line_widths: Vec<usize> = (0..across)
        .map(|column| widths.iter().skip(column).step_by(across).copied().max().unwrap_or(0) + SEPARATOR)
        .collect();
    let mut lines = Vec::with_capacity(items / across + 2);
    for start in (0..items).step_by(across) {
        let end = (start + across).min(items);
        let mut line = String::new();
        for index in start..end {
            let last = index == end - 1;
            let blanks = line_widths[index - start] - SEPARATOR - widths[index];
            if array.numbers {
                line.extend(std::iter::repeat_n(' ', blanks));
            }
            line.push_str(&output[index]);
            if !last {
                line.push_str(", ");
                if !array.numbers {
                    line.extend(std::iter::repeat_n(' ', blanks));
                }
            }
        }
        lines.push(line);
    }
    if array.more {
        lines.extend(output.into_iter().last());
    }
    lines
}
