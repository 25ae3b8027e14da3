"""Code that several backends share: the random stream, complex functions, casts, range checks, host fallbacks.

Raw arrays only. Imports nothing of ours but the contract.
"""
