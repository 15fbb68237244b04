#!/usr/bin/env python3
"""Fits the polynomials of heed/backends/cpu/simd/math-inl.h and prints their coefficients.

Each fit minimises the largest relative error by least squares on Chebyshev nodes, reweighted until
the error is level (Lawson's algorithm). Needs numpy and mpmath.
"""
import mpmath
import numpy as np

mpmath.mp.dps = 40


def fit(target, weight, low, high, degree, nodes=2000):
    """Coefficients c (lowest first) of Σ c_i u^i ≈ target(u), error weighted by weight(u)."""
    u = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (np.arange(nodes) + 0.5) / nodes)
    values = np.array([float(target(v)) for v in u])
    scale = np.array([float(weight(v)) for v in u])
    powers = np.vander(u, degree + 1, increasing=True) * scale[:, None]
    lawson = np.full(nodes, 1.0 / nodes)
    for _ in range(200):
        root = np.sqrt(lawson)[:, None]
        c = np.linalg.lstsq(powers * root, values * scale * root[:, 0], rcond=None)[0]
        error = np.abs(powers @ c - values * scale)
        lawson *= error
        lawson /= lawson.sum()
    return c, error.max()


def show(name, coefficients, error):
    print(f"{name}: largest relative error {error:.2e}")
    print("  " + ", ".join(f"{np.float32(c):.9g}f" for c in coefficients))


def main():
    # exp(r) = 1 + r + r² q(r), |r| <= ln(2)/2
    half = float(mpmath.log(2)) / 2 * 1.0001
    q = lambda r: (mpmath.expm1(r) - r) / mpmath.mpf(r) ** 2
    show("exp", *fit(q, lambda r: r * r / np.exp(r), -half, half, 4))

    # tanh(x) = x + x³ q(x²), |x| <= 0.625
    def q_tanh(square):
        x = mpmath.sqrt(square)
        return (mpmath.tanh(x) - x) / x**3

    show("tanh", *fit(q_tanh, lambda s: s * np.sqrt(s) / np.tanh(np.sqrt(s)), 1e-9, 0.625**2, 4))

    # Φ(-t) exp(t²/2) = s(u) / (t + k), u = (t - k) / (t + k), 0 <= t <= 14
    k = 3.0

    def s(u):
        t = k * (1 + mpmath.mpf(u)) / (1 - mpmath.mpf(u))
        return mpmath.erfc(t / mpmath.sqrt(2)) / 2 * mpmath.exp(t * t / 2) * (t + k)

    show("normal tail", *fit(s, lambda u: 1 / float(s(u)), -1, (14 - k) / (14 + k), 9))


if __name__ == "__main__":
    main()
