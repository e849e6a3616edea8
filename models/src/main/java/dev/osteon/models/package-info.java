/** Networks: ResNet encoders and the heads on top of them. */
package dev.osteon.models;
