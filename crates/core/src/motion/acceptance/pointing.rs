//! P: time and scatter of pointing (Fitts's law; `MacKenzie` & Buxton 1992; ISO 9241-411).

use std::sync::LazyLock;

use super::super::testing::{fit, line, logs, mean, people, quantile, sd, seeds, share, within};
use crate::gesture::{Point, Rect};
use crate::motion::pointer::{aim, approach};
use crate::persona::Persona;
use crate::rng::{Rng, Seed};

/// Far from the edges that hold a pointer.
const FROM: Point = Point { x: 3000.0, y: 3000.0 };
/// Effective width over standard deviation.
const WIDTHS_PER_SD: f64 = 4.133;

fn square(distance: f64, width: f64, angle: f64) -> Rect {
    let (x, y) = (FROM.x + distance * angle.cos(), FROM.y + distance * angle.sin());
    Rect { x: x - width / 2.0, y: y - width / 2.0, w: width, h: width }
}

/// One cell of the ISO multi-directional grid.
struct Cell {
    distance: f64,
    width: f64,
    times: Vec<f64>,
    /// Deviations of first landings along the approach.
    along: Vec<f64>,
}

impl Cell {
    fn id(&self) -> f64 {
        (self.distance / self.width + 1.0).log2()
    }

    /// Bits a second over the effective width.
    fn throughput(&self) -> f64 {
        let effective = WIDTHS_PER_SD * sd(&self.along);
        (self.distance / effective + 1.0).log2() / (mean(&self.times) / 1000.0)
    }
}

fn grid(seed: Seed) -> Vec<Cell> {
    let mut crowd: Vec<(Persona, Rng)> = people(seed, 60).collect();
    let mut cells = Vec::new();
    for distance in [128.0, 256.0, 512.0, 1024.0] {
        for width in [16.0, 32.0, 64.0, 128.0] {
            let mut cell = Cell { distance, width, times: vec![], along: vec![] };
            for (n, (persona, rng)) in crowd.iter_mut().enumerate() {
                for turn in 0..2 {
                    let angle = 0.7 * (n + 60 * turn) as f64;
                    let to = square(distance, width, angle);
                    cell.times.push(approach(FROM, to, persona, rng).duration_ms());
                    let at = aim(FROM, to, persona, rng);
                    let (dx, dy) = (at.x - to.center().x, at.y - to.center().y);
                    cell.along.push(dx * angle.cos() + dy * angle.sin());
                }
            }
            cells.push(cell);
        }
    }
    cells
}

/// The grid of each seed, pointed at once for all tests.
static GRIDS: LazyLock<Vec<(Seed, Vec<Cell>)>> =
    LazyLock::new(|| seeds().map(|seed| (seed, grid(seed))).collect());

#[test]
fn p1_time_is_fittss_law_over_cells_and_noisy_within() {
    for (seed, cells) in &*GRIDS {
        let seed = *seed;
        let ids: Vec<f64> = cells.iter().map(Cell::id).collect();
        let means: Vec<f64> = cells.iter().map(|cell| mean(&cell.times)).collect();
        let (a, b, fit) = line(&ids, &means);
        within("P1 R2", seed, fit, 0.9, 1.0);
        within("P1 slope, ms/bit", seed, b, 120.0, 225.0);
        within("P1 intercept, ms", seed, a, 0.0, 300.0);
        let flat: Vec<(f64, f64)> = cells
            .iter()
            .flat_map(|cell| cell.times.iter().map(|time| (cell.id(), *time)))
            .collect();
        let (all_ids, all): (Vec<f64>, Vec<f64>) = flat.into_iter().unzip();
        within("P1 single trials' R2", seed, line(&all_ids, &all).2, 0.05, 0.9);
        let residual: Vec<f64> =
            cells.iter().map(|cell| sd(&cell.times) / mean(&cell.times)).collect();
        within("P1 residual CV", seed, mean(&residual), 0.15, 0.30);
    }
}

#[test]
fn p2_throughput_is_a_mouses() {
    for (seed, cells) in &*GRIDS {
        let bits: Vec<f64> = cells.iter().map(Cell::throughput).collect();
        within("P2 bit/s", *seed, mean(&bits), 3.7, 4.9);
    }
}

/// First landings around a target of that width, in widths: along and across the way.
fn landings(seed: Seed) -> (Vec<f64>, Vec<f64>) {
    let (persona, mut rng) = (Persona::default(), seed.rng());
    let to = square(500.0, 60.0, 0.0);
    let landings = (0..4000).map(|_| aim(FROM, to, &persona, &mut rng));
    landings.map(|at| ((at.x - to.center().x) / 60.0, (at.y - to.center().y) / 60.0)).unzip()
}

#[test]
fn p3_few_first_landings_miss() {
    for seed in seeds() {
        let (along, across) = landings(seed);
        let missed = along.iter().zip(&across).filter(|(x, y)| x.abs() > 0.5 || y.abs() > 0.5);
        within("P3 misses", seed, missed.count() as f64 / 4000.0, 0.01, 0.08);
    }
}

#[test]
fn p4_landings_are_normal_around_the_middle() {
    for seed in seeds() {
        let (along, _) = landings(seed);
        within("P4 sd over W/4.133", seed, sd(&along) * WIDTHS_PER_SD, 0.75, 1.25);
        within("P4 KS to normal", seed, fit::normal(&along), 0.0, 0.06);
        within("P4 exactly in the middle", seed, share(&along, |x| x.abs() < 1e-4), 0.0, 0.01);
    }
}

#[test]
fn p5_scatter_of_ln_time_is_normal() {
    for (seed, cells) in &*GRIDS {
        let mut residuals = Vec::new();
        for cell in cells {
            let times = logs(&cell.times);
            let middle = mean(&times);
            residuals.extend(times.iter().map(|time| time - middle));
        }
        println!("P5 {:.2} to {:.2}", quantile(&residuals, 0.05), quantile(&residuals, 0.95));
        within("P5 KS to normal", *seed, fit::normal(&residuals), 0.0, 0.06);
    }
}
