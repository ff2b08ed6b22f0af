"""What changed between two contracts, and whom it breaks: frontends (*consumers*) and backends (*providers*), each on its own.

Pure: contracts are handed in as text by path (`read_contract`), changes come out as values (`compare`).
"""

from contract.diff.comparing import compare
from contract.diff.documents import Contract, UnreadableContract, is_contract_file, read_contract
from contract.diff.model import Change, Comparison, Impact, Level

__all__ = [
    "Change",
    "Comparison",
    "Contract",
    "Impact",
    "Level",
    "UnreadableContract",
    "compare",
    "is_contract_file",
    "read_contract",
]
