//! Operations on single values, possibly with a second operand from another tensor.
//!
//! These are plain loops. The compiler converts them to the vector instructions of the level at which they are called.

use std::sync::Arc;

use fearless_simd::prelude::*;

use crate::graph::Curve;

/// The second operand of a sum or product, which repeats over the first.
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

/// An operation on values in place.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Add(Partner),
    Mul(Partner),
    Curve(Curve),
    /// Slopes for values below 0, which repeat over the values.
    Prelu(Arc<[f32]>),
}

/// The operations on the results of a step, one after the other.
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

    /// Changes `values`, which begin at index `start` of the whole tensor.
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

/// Combines each value with its counterpart. `start` is the index of the values in the whole tensor. The values are
/// split where the second operand repeats.
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

/// Returns e^x to about six digits. The library's function is a call per value; this arithmetic can be vectorised.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    /// Adding this to a small number leaves the nearest integer in its lowest bits.
    const WHOLE: f32 = 12_582_912.0;
    /// The logarithm of 2 in two parts. The first has few digits, so that its product with an integer is exact.
    const LN_2: [f32; 2] = [355.0 / 512.0, -2.121_944_4e-4];
    // In this range the result is neither infinite nor subnormal.
    let x = x.clamp(-87.0, 88.0);
    let turns = x * std::f32::consts::LOG2_E + WHOLE;
    let whole = turns - WHOLE;
    let rest = (x - whole * LN_2[0]) - whole * LN_2[1];
    // These are the first terms of the series.
    let curve = rest * (1.0 / 720.0) + 1.0 / 120.0;
    let curve = curve * rest + 1.0 / 24.0;
    let curve = curve * rest + 1.0 / 6.0;
    let curve = curve * rest + 0.5;
    let curve = (curve * rest + 1.0) * rest + 1.0;
    // This multiplies by 2 to the power of the integer.
    curve * f32::from_bits((turns.to_bits() << 23).wrapping_add(1.0f32.to_bits()))
}
