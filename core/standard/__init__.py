"""The functions of the array API standard, a file a chapter, named as the standard names it.

Imports `families` and the floors below; chapters import each other without cycles.
"""
