/** Tensors, operations, reverse-mode autograd, memory management and backends. */
package dev.osteon.engine;
