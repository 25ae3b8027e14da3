"""What several backends' plugins share: the random stream, complex functions, casts, positions, host fallbacks.

Raw arrays only. Imports nothing of ours but the contract.
"""
