/** Modules with named parameters, optimisers, learning-rate schedules and checkpoints. */
package dev.osteon.nn;
