/** Writes a name of the house (`orders.place`, `out_of_stock`) as generated code and components are named: `OrdersPlace`, `OutOfStock`. */
export function pascal(name: string): string {
  return name.replaceAll(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9]?)/g, (_, first: string) => first.toUpperCase());
}
