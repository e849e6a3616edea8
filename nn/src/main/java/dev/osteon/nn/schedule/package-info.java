/** Learning rates as pure functions of the step. */
package dev.osteon.nn.schedule;
