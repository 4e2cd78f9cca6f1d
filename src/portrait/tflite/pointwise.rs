//! What happens to each value by itself or with its partner of another tensor.
//!
//! Plain loops: the compiler turns them into the vector instructions of the level that they are called at.

use std::sync::Arc;

use fearless_simd::prelude::*;

use crate::graph::Curve;

/// The second operand of a sum or product; it repeats over the first.
#[derive(Debug, Clone)]
pub(crate) enum Partner {
    Slot { slot: usize, len: usize },
    Constant(Arc<[f32]>),
}

impl Partner {
    fn values<'a>(&'a self, slots: &'a [Vec<f32>]) -> &'a [f32] {
        match self {
            Partner::Slot { slot, len } => &slots[*slot][..*len],
            Partner::Constant(values) => values,
        }
    }
}

/// What is done to values in place.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Add(Partner),
    Mul(Partner),
    Curve(Curve),
    /// Slopes below 0, which repeat over the values.
    Prelu(Arc<[f32]>),
}

/// What is done to the results of a step, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct After<'a> {
    pub(crate) changes: &'a [Change],
    pub(crate) slots: &'a [Vec<f32>],
}

impl After<'_> {
    pub(crate) const fn nothing() -> After<'static> {
        After {
            changes: &[],
            slots: &[],
        }
    }

    /// Changes `values`, which begin at `start` of the whole tensor.
    pub(crate) fn apply<S: Simd>(&self, simd: S, values: &mut [f32], start: usize) {
        if self.changes.is_empty() {
            return;
        }
        simd.vectorize(
            #[inline(always)]
            || {
                for change in self.changes {
                    change.apply(values, start, self.slots);
                }
            },
        );
    }
}

impl Change {
    #[inline(always)]
    fn apply(&self, values: &mut [f32], start: usize, slots: &[Vec<f32>]) {
        match self {
            Change::Add(partner) => {
                with(values, start, partner.values(slots), |value, other| {
                    value + other
                });
            }
            Change::Mul(partner) => {
                with(values, start, partner.values(slots), |value, other| {
                    value * other
                });
            }
            Change::Prelu(slopes) => with(values, start, slopes, |value, slope| {
                value.max(0.0) + slope * value.min(0.0)
            }),
            Change::Curve(Curve::Relu) => {
                for value in values {
                    *value = value.max(0.0);
                }
            }
            Change::Curve(Curve::HardSwish) => {
                for value in values {
                    *value *= (*value + 3.0).clamp(0.0, 6.0) * (1.0 / 6.0);
                }
            }
            Change::Curve(Curve::Logistic) => {
                for value in values {
                    *value = 1.0 / (1.0 + exp(-*value));
                }
            }
        }
    }
}

/// Joins each value with its partner; `start` is where the values begin in the whole, and a part ends where the repeating
/// ends.
#[inline(always)]
fn with(values: &mut [f32], start: usize, others: &[f32], join: impl Fn(f32, f32) -> f32) {
    if let [other] = *others {
        for value in values {
            *value = join(*value, other);
        }
        return;
    }
    if others.is_empty() {
        return;
    }
    let mut at = start % others.len();
    let mut rest = values;
    while !rest.is_empty() {
        let count = rest.len().min(others.len() - at);
        let (part, after) = rest.split_at_mut(count);
        for (value, other) in part.iter_mut().zip(&others[at..at + count]) {
            *value = join(*value, *other);
        }
        (rest, at) = (after, 0);
    }
}

/// e to the power of `x`, to about six digits. The library's is a call for each value; this is arithmetic on many.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    /// Added to a small number, it leaves the nearest whole one in the lowest bits.
    const WHOLE: f32 = 12_582_912.0;
    /// The logarithm of 2 in two parts; the first has few digits, so that a whole number times it is exact.
    const LN_2: [f32; 2] = [355.0 / 512.0, -2.121_944_4e-4];
    // what comes out is a number that is neither infinite nor so small that it has fewer digits
    let x = x.clamp(-87.0, 88.0);
    let turns = x * std::f32::consts::LOG2_E + WHOLE;
    let whole = turns - WHOLE;
    let rest = (x - whole * LN_2[0]) - whole * LN_2[1];
    // the first terms of its series
    let curve = rest * (1.0 / 720.0) + 1.0 / 120.0;
    let curve = curve * rest + 1.0 / 24.0;
    let curve = curve * rest + 1.0 / 6.0;
    let curve = curve * rest + 0.5;
    let curve = (curve * rest + 1.0) * rest + 1.0;
    // times 2 to the power of the whole number
    curve * f32::from_bits((turns.to_bits() << 23).wrapping_add(1.0f32.to_bits()))
}
