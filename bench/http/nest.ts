// NestJS on Fastify, validated by class-validator. Node strips types and keeps no decorators: they are called as the functions that they are.
import "reflect-metadata";
import { Body, Controller, HttpCode, Module, Post, ValidationPipe } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import { Type } from "class-transformer";
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from "class-validator";
import { accept, type Order } from "./order.ts";

class LineBody {
  declare sku: string;
  declare quantity: number;
  declare unitCents: number;
}
decorate(LineBody, "sku", [IsString(), Matches(/^[A-Z0-9-]{1,32}$/)]);
decorate(LineBody, "quantity", [IsInt(), Min(1), Max(1_000)]);
decorate(LineBody, "unitCents", [IsInt(), Min(0), Max(10_000_000)]);

class OrderBody {
  declare reference: string;
  declare currency: Order["currency"];
  declare lines: LineBody[];
  declare note?: string;
  declare giftWrap: boolean;
}
decorate(OrderBody, "reference", [IsUUID()]);
decorate(OrderBody, "currency", [IsIn(["EUR", "GBP", "USD"])]);
decorate(OrderBody, "lines", [IsArray(), ArrayMinSize(1), ArrayMaxSize(100), ValidateNested({ each: true }), Type(() => LineBody)]);
decorate(OrderBody, "note", [IsOptional(), IsString(), MaxLength(500)]);
decorate(OrderBody, "giftWrap", [IsBoolean()]);

class OrderController {
  place(order: OrderBody) {
    return accept(order);
  }
}
const place = Object.getOwnPropertyDescriptor(OrderController.prototype, "place")!;
Controller("v1")(OrderController);
Post("echo-order")(OrderController.prototype, "place", place);
HttpCode(200)(OrderController.prototype, "place", place);
Body()(OrderController.prototype, "place", 0);
Reflect.defineMetadata("design:paramtypes", [OrderBody], OrderController.prototype, "place");

class AppModule {}
Module({ controllers: [OrderController] })(AppModule);

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false });
app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
await app.listen(Number(process.env.PORT), "127.0.0.1");
console.log("ready");

function decorate(target: new () => object, property: string, decorators: readonly PropertyDecorator[]): void {
  for (const decorator of decorators) decorator(target.prototype, property);
}
