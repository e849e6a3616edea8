/** Where the views of an image lie: crops, rotations and flips, drawn at random, as maps between pixels. */
package dev.osteon.engine.views;
