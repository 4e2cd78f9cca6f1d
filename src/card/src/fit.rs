//! Fits a text into its box: first shrink it, then break it into lines, then shrink it further. This is pure
//! arithmetic; the caller measures the widths in the shaped text.

/// A template's rules for the box of a text, with sizes in mm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rule {
    /// The largest width of the text (`data-width`).
    pub(super) width: f32,
    /// The size of the text when there is enough room.
    pub(super) size: f32,
    /// The smallest size before the text is broken into more lines (`data-shrink`).
    pub(super) shrink: f32,
    /// The largest number of lines (`data-lines`).
    pub(super) lines: usize,
    /// The distance between lines in multiples of the size (`data-leading`).
    pub(super) leading: f32,
    /// The largest height of all lines together (`data-height`); infinite when the template does not set it.
    pub(super) height: f32,
}

/// The smallest size of any text on a card: 1.5 mm is 4.3 pt, the smallest that a 300 dpi resin panel prints legibly.
pub(super) const SMALLEST: f32 = 1.5;

/// The lines of a fitted text, and its size relative to the size in the template.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fit {
    /// For each line, the index of the word after its last one, which is where the next line begins.
    pub(super) ends: Vec<usize>,
    pub(super) scale: f32,
}

/// Fits words of these `widths` (mm at `rule.size`). `gaps[i]` is the width between word `i` and the next one when they
/// are on the same line. Returns `None` when the text would have to be smaller than [`SMALLEST`].
pub(super) fn fit(widths: &[f32], gaps: &[f32], rule: &Rule) -> Option<Fit> {
    let shrink = (rule.shrink / rule.size).min(1.0);
    let mut best: Option<Fit> = None;
    for count in 1..=rule.lines.min(widths.len()).max(1) {
        let (ends, widest) = balance(widths, gaps, count);
        let scale = scale_for(widest, ends.len(), rule);
        if best.as_ref().is_none_or(|best| scale > best.scale) {
            best = Some(Fit { ends, scale });
        }
        if best.as_ref().is_some_and(|best| best.scale >= shrink) {
            break;
        }
    }
    best.filter(|best| best.scale * rule.size >= SMALLEST)
}

fn scale_for(widest: f32, lines: usize, rule: &Rule) -> f32 {
    let high = rule.size * (1.0 + (lines as f32 - 1.0) * rule.leading);
    let across = if widest > rule.width {
        rule.width / widest
    } else {
        1.0
    };
    let down = if high > rule.height {
        rule.height / high
    } else {
        1.0
    };
    across.min(down)
}

/// Breaks the words into at most `count` lines so that the widest line is as narrow as possible. Of several equal
/// solutions it returns the one with the longer upper line.
fn balance(widths: &[f32], gaps: &[f32], count: usize) -> (Vec<usize>, f32) {
    let n = widths.len();
    let line = |from: usize, to: usize| -> f32 {
        let words: f32 = widths[from..to].iter().sum();
        let between: f32 = gaps[from..to.saturating_sub(1).max(from)].iter().sum();
        words + between
    };
    // `widest[k][i]` is the smallest possible width of the widest line when words `i..` are on `k + 1` lines.
    // `from[k][i]` is the end of the first of these lines.
    let mut widest = vec![vec![f32::INFINITY; n + 1]; count];
    let mut end = vec![vec![n; n + 1]; count];
    for (start, room) in widest[0].iter_mut().enumerate().take(n) {
        *room = line(start, n);
    }
    for k in 1..count {
        for start in 0..n {
            for stop in (start + 1..n).rev() {
                let width = line(start, stop).max(widest[k - 1][stop]);
                if width < widest[k][start] {
                    widest[k][start] = width;
                    end[k][start] = stop;
                }
            }
        }
    }
    let Some(k) = (0..count).rev().find(|&k| widest[k][0].is_finite()) else {
        return (Vec::new(), 0.0);
    };
    let mut ends = Vec::new();
    let (mut start, mut left) = (0, k);
    while start < n {
        start = if left == 0 { n } else { end[left][start] };
        ends.push(start);
        left = left.saturating_sub(1);
    }
    (ends, widest[k][0])
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule {
        width: 40.0,
        size: 5.0,
        shrink: 4.0,
        lines: 2,
        leading: 1.2,
        height: f32::INFINITY,
    };

    fn check(widths: &[f32], rule: &Rule, expect: Option<(&[usize], f32)>) {
        let gaps = vec![1.0; widths.len()];
        let found = fit(widths, &gaps, rule);
        let expect = expect.map(|(ends, scale)| (ends.to_vec(), scale));
        assert_eq!(found.map(|fit| (fit.ends, fit.scale)), expect, "{widths:?}");
    }

    #[test]
    fn a_short_text_is_unchanged() {
        check(&[10.0, 20.0], &RULE, Some((&[2], 1.0)));
    }

    #[test]
    fn a_slightly_long_text_shrinks_on_its_line() {
        check(&[20.0, 23.0], &RULE, Some((&[2], 40.0 / 44.0)));
    }

    #[test]
    fn a_longer_text_breaks_into_two_balanced_lines() {
        check(&[20.0, 20.0, 20.0], &RULE, Some((&[2, 3], 40.0 / 41.0)));
        check(&[20.0, 15.0, 20.0], &RULE, Some((&[2, 3], 1.0)));
    }

    #[test]
    fn the_longest_text_shrinks_below_the_shrink_size() {
        check(&[80.0, 60.0], &RULE, Some((&[1, 2], 0.5)));
        check(&[100.0], &RULE, Some((&[1], 0.4)));
        check(&[200.0], &RULE, None);
    }

    #[test]
    fn the_height_limits_the_size_too() {
        let rule = Rule {
            height: 8.25,
            shrink: 5.0,
            ..RULE
        };
        check(&[30.0, 30.0], &rule, Some((&[1, 2], 0.75)));
    }

    #[test]
    fn an_empty_text_has_no_lines() {
        check(&[], &RULE, Some((&[], 1.0)));
    }
}
