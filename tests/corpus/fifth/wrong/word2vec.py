#!/usr/bin/env python
import numpy as np


def softmax(v):
    e = np.exp(v - np.max(v))
    return e / e.sum()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def naiveSoftmaxLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors):
    """ J = -log P(O=o | C=c)

    centerWordVec  (D,)      v_c
    outsideVectors (V, D)    U, one row for each word
    Return: loss, gradCenterVec (D,), gradOutsideVecs (V, D)
    """
    ### YOUR CODE HERE
    y_hat = softmax(outsideVectors @ centerWordVec)
    loss = -np.log(y_hat[outsideWordIdx])
    delta = y_hat.copy()
    delta[outsideWordIdx] -= 1
    gradCenterVec = outsideVectors.T @ delta
    gradOutsideVecs = np.outer(centerWordVec, delta)
    ### END YOUR CODE
    return loss, gradCenterVec, gradOutsideVecs


def negSamplingLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, negSampleWordIndices):
    """ J = -log s(u_o . v) - sum_k log s(-u_k . v);  the same word may be drawn several times """
    v = centerWordVec
    u_o = outsideVectors[outsideWordIdx]
    s_o = sigmoid(u_o @ v)
    loss = -np.log(s_o)
    gradCenterVec = (s_o - 1) * u_o
    gradOutsideVecs = np.zeros_like(outsideVectors)
    gradOutsideVecs[outsideWordIdx] = (s_o - 1) * v
    for k in negSampleWordIndices:
        s_k = sigmoid(-outsideVectors[k] @ v)
        loss -= np.log(s_k)
        gradCenterVec = gradCenterVec + (1 - s_k) * outsideVectors[k]
        gradOutsideVecs[k] = (1 - s_k) * v
    return loss, gradCenterVec, gradOutsideVecs


class EmbeddingLayer:
    def __init__(self, vocab, dim, rng=None):
        rng = rng or np.random.default_rng(0)
        self.W = rng.normal(0, 0.1, (vocab, dim))
        self.dW = np.zeros_like(self.W)

    def forward(self, idx):
        self.idx = idx
        return self.W[idx]

    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        self.dW[self.idx] += dout
        return None
