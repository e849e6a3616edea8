/** Prompts from the radiograph alone: a model of the hand's bones is fitted to the image. */
package dev.osteon.app.segment.auto;
