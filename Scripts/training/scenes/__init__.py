"""Drawn reef scenes: the ten species as sprites, reefs behind them, and films of both."""
