/**
 * A loss taken apart on a batch small enough to look at: {@code osteon explain}. Each {@code Walk} computes a loss in
 * single named steps and must arrive at what the loss's own class gives.
 */
package dev.osteon.app.explain;
