//! How a text is made to fit its box: shrink first, then break into lines, then shrink again. Pure arithmetic; the
//! widths come from the shaped text.

/// What a template says about a text's box; sizes in mm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rule {
    /// The text may be this wide (`data-width`).
    pub(super) width: f32,
    /// The size it is drawn in when there is room.
    pub(super) size: f32,
    /// Down to this size it stays on as few lines as it is on (`data-shrink`).
    pub(super) shrink: f32,
    /// It is broken into at most this many lines (`data-lines`).
    pub(super) lines: usize,
    /// Distance of the lines in multiples of the size (`data-leading`).
    pub(super) leading: f32,
    /// All lines together may be this high (`data-height`); infinite when not said.
    pub(super) height: f32,
}

/// No text on a card is smaller: 1.5 mm is 4.3 pt, the least that a 300 dpi resin panel draws legibly.
pub(super) const SMALLEST: f32 = 1.5;

/// The lines a text is set in, and its size as a part of the size it is drawn in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fit {
    /// For each line the word behind its last; the next line begins there.
    pub(super) ends: Vec<usize>,
    pub(super) scale: f32,
}

/// Fits words of these `widths` (mm at `rule.size`), `gaps[i]` being what stands between word `i` and the next when
/// they share a line. `None` when it would have to be smaller than [`SMALLEST`].
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

/// Breaks into at most `count` lines so that the widest is as narrow as can be; the first of equals, so that the upper
/// line is the longer one.
fn balance(widths: &[f32], gaps: &[f32], count: usize) -> (Vec<usize>, f32) {
    let n = widths.len();
    let line = |from: usize, to: usize| -> f32 {
        let words: f32 = widths[from..to].iter().sum();
        let between: f32 = gaps[from..to.saturating_sub(1).max(from)].iter().sum();
        words + between
    };
    // widest[k][i]: the narrowest possible widest line when words i.. stand on k+1 lines; from[k][i]: end of the first
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
    fn a_short_text_stays_as_it_is() {
        check(&[10.0, 20.0], &RULE, Some((&[2], 1.0)));
    }

    #[test]
    fn a_little_too_long_shrinks_on_its_line() {
        check(&[20.0, 23.0], &RULE, Some((&[2], 40.0 / 44.0)));
    }

    #[test]
    fn longer_breaks_into_two_balanced_lines() {
        check(&[20.0, 20.0, 20.0], &RULE, Some((&[2, 3], 40.0 / 41.0)));
        check(&[20.0, 15.0, 20.0], &RULE, Some((&[2, 3], 1.0)));
    }

    #[test]
    fn the_longest_shrinks_below_the_wish_rather_than_run_over() {
        check(&[80.0, 60.0], &RULE, Some((&[1, 2], 0.5)));
        check(&[100.0], &RULE, Some((&[1], 0.4)));
        check(&[200.0], &RULE, None);
    }

    #[test]
    fn height_bounds_too() {
        let rule = Rule {
            height: 8.25,
            shrink: 5.0,
            ..RULE
        };
        check(&[30.0, 30.0], &rule, Some((&[1, 2], 0.75)));
    }

    #[test]
    fn nothing_is_no_line() {
        check(&[], &RULE, Some((&[], 1.0)));
    }
}
