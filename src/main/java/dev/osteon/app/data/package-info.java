/** Label files and the samples of a classification task. */
package dev.osteon.app.data;
