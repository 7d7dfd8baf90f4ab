"""A small inventory: what is in stock, what it is worth, what has to be ordered."""

from dataclasses import dataclass


@dataclass
class Item:
    name: str
    price: float
    quantity: int = 0

    def value(self) -> float:
        return self.price * self.quantity


class Inventory:
    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    def add(self, name: str, price: float, quantity: int = 1) -> Item:
        item = self.items.get(name)
        if item is None:
            item = Item(name, price)
            self.items[name] = item
        item.quantity += quantity
        return item

    def remove(self, name: str, quantity: int = 1) -> Item:
        item = self.items.get(name)
        if item is None:
            raise KeyError(name)
        item.quantity -= quantity
        return item

    def total_value(self) -> float:
        return sum(item.value() for item in self.items.values())

    def names(self) -> list[str]:
        return sorted(self.items)

    def missing(self, minimum: int = 1) -> list[Item]:
        return [item for item in self.items.values() if item.quantity < minimum]


if __name__ == "__main__":
    inventory = Inventory()
    inventory.add("apple", 0.5, 10)
    print(inventory.total_value())
