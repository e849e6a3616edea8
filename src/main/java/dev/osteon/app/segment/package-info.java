/** Bone segments from radiographs: prompts, masks by Segment Anything and what is done to make them better, files. */
package dev.osteon.app.segment;
