//! Fault injection: how tests and the test panel say what is wrong with a virtual device.

use crate::Fault;

/// Raises and clears the faults of a virtual device. The `Control` of each driver implements it.
pub trait FaultInjection {
    /// The faults of this class of devices.
    type Fault: Fault;

    /// Begins a fault, which lasts until it is cleared.
    fn raise(&self, fault: Self::Fault);

    /// Ends a fault.
    fn clear(&self, fault: &Self::Fault);

    /// Ends every fault, and every other trouble that was asked for.
    fn clear_all(&self);

    /// What is wrong at the moment.
    fn faults(&self) -> Vec<Self::Fault>;
}

/// The faults that are raised, for virtual devices that do not derive them from anything else.
#[derive(Debug, Clone)]
pub struct RaisedFaults<F>(Vec<F>);

impl<F: Fault> RaisedFaults<F> {
    /// Raises `fault`. A fault that is raised twice is cleared by one call.
    pub fn raise(&mut self, fault: F) {
        if !self.has(&fault) {
            self.0.push(fault);
        }
    }

    /// Clears `fault`, if it is raised.
    pub fn clear(&mut self, fault: &F) {
        self.0.retain(|raised| raised != fault);
    }

    /// Clears every fault.
    pub fn clear_all(&mut self) {
        self.0.clear();
    }

    /// Whether `fault` is raised.
    #[must_use]
    pub fn has(&self, fault: &F) -> bool {
        self.0.contains(fault)
    }

    /// The first of these faults that is raised.
    #[must_use]
    pub fn first_of(&self, faults: &[F]) -> Option<F> {
        faults.iter().find(|fault| self.has(fault)).cloned()
    }

    /// Every raised fault, in the order in which they were raised.
    #[must_use]
    pub fn all(&self) -> Vec<F> {
        self.0.clone()
    }
}

impl<F> Default for RaisedFaults<F> {
    fn default() -> RaisedFaults<F> {
        RaisedFaults(Vec::new())
    }
}
