// Forain's plugin for Vendure: a unique reference on orders, one mutation that finds or creates an order in a single
// transaction with the marketplace's own amounts, and signed calls to Forain when something changes.
//
//   const { forainPlugin } = require('./forain');
//   plugins: [..., forainPlugin({ hookUrl: process.env.FORAIN_HOOK_URL, hookSecret: process.env.FORAIN_HOOK_SECRET })]
const crypto = require('crypto');
const { gql } = require('graphql-tag');
const v = require('@vendure/core');

const SCHEMA = gql`
  input ForainLine { line: String! variant: ID! quantity: Int! total: Int! }
  input ForainAddress { fullName: String! company: String streetLine1: String! streetLine2: String city: String! postalCode: String! province: String countryCode: String! phoneNumber: String }
  input ForainOrderInput { reference: String! email: String! currencyCode: String! total: Int! lines: [ForainLine!]! address: ForainAddress! }
  type ForainOrder { id: ID! code: String! reference: String! state: String! total: Int! currencyCode: String! }
  extend type Query { forainVersion: Int! }
  extend type Mutation { forainEnsureOrder(input: ForainOrderInput!): ForainOrder! }
`;

// The marketplace's amounts are the truth: the unit price comes with the line, not from the catalogue.
// Orders that are not the marketplace's go to the strategy the shop had before.
function marketplacePrice(former) {
  return {
    init: injector => former.init && former.init(injector),
    destroy: () => former.destroy && former.destroy(),
    calculateUnitPrice(ctx, variant, fields, order, quantity) {
      const told = fields && fields.forainUnitPrice;
      if (told === undefined || told === null) return former.calculateUnitPrice(ctx, variant, fields, order, quantity);
      return { price: told, priceIncludesTax: true };
    },
  };
}

class ForainResolver {
  constructor(connection, orders, customers, shipping) { Object.assign(this, { connection, orders, customers, shipping }); }

  forainVersion() { return 1; }

  async forainEnsureOrder(ctx, args) {
    const input = args.input;
    const found = await this.find(ctx, input.reference);
    return found ? this.told(found) : this.create(ctx, input);
  }

  find(ctx, reference) {
    return this.connection.getRepository(ctx, v.Order).findOne({ where: { customFields: { forainReference: reference } }, relations: ['lines', 'surcharges', 'shippingLines'] });
  }

  async create(ctx, input) {
    const ok = (result, what) => {
      if (result && v.isGraphQlErrorResult(result)) throw new v.UserInputError(`${what}: ${result.errorCode} ${result.message}`);
      return result;
    };
    let order = await this.orders.createDraft(ctx);
    // The unique index refuses a second creator here, before anything else is written.
    order = await this.orders.updateCustomFields(ctx, order.id, { forainReference: input.reference });
    for (const line of input.lines) {
      const unit = Math.floor(line.total / line.quantity);
      ok(await this.orders.addItemToOrder(ctx, order.id, line.variant, line.quantity, { forainUnitPrice: unit, forainLine: line.line }), `line ${line.line}`);
    }
    const customer = ok(await this.customers.createOrUpdate(ctx, { emailAddress: input.email, firstName: '', lastName: input.address.fullName }), 'customer');
    await this.orders.addCustomerToOrder(ctx, order.id, customer);
    await this.orders.setShippingAddress(ctx, order.id, input.address);
    const methods = await this.orders.getEligibleShippingMethods(ctx, order.id);
    if (!methods.length) throw new v.UserInputError('no_shipping_method: no shipping method fits this order');
    ok(await this.orders.setShippingMethod(ctx, order.id, [methods[0].id]), 'shipping');
    order = await this.orders.findOne(ctx, order.id);
    const difference = input.total - order.totalWithTax;
    if (difference !== 0) {
      // Marketplace shipping, discount and the odd cent of a line: one named line, so that totals agree to the cent.
      await this.orders.addSurchargeToOrder(ctx, order.id, { description: 'Marketplace shipping, discount, rounding', sku: 'FORAIN', listPrice: difference, listPriceIncludesTax: true });
      order = await this.orders.findOne(ctx, order.id);
    }
    if (order.totalWithTax !== input.total) throw new v.UserInputError(`total_differs: ${order.totalWithTax} instead of ${input.total}`);
    ok(await this.orders.transitionToState(ctx, order.id, 'ArrangingPayment'), 'state');
    ok(await this.orders.addManualPaymentToOrder(ctx, { orderId: order.id, method: 'marketplace', transactionId: input.reference, metadata: {} }), 'payment');
    return this.told(await this.find(ctx, input.reference));
  }

  told(order) {
    return { id: order.id, code: order.code, reference: order.customFields.forainReference, state: order.state, total: order.totalWithTax, currencyCode: order.currencyCode };
  }
}

// Decorators, spelled out: this file needs no compiler.
function decorate(method, decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(ForainResolver.prototype, method);
  for (const decorator of decorators) decorator(ForainResolver.prototype, method, descriptor);
  Object.defineProperty(ForainResolver.prototype, method, descriptor);
}
const { Args, Mutation, Query, Resolver } = require('@nestjs/graphql');
v.Ctx()(ForainResolver.prototype, 'forainEnsureOrder', 0);
Args()(ForainResolver.prototype, 'forainEnsureOrder', 1);
decorate('forainEnsureOrder', [Mutation(), v.Transaction(), v.Allow(v.Permission.CreateOrder)]);
decorate('forainVersion', [Query(), v.Allow(v.Permission.ReadOrder)]);
Resolver()(ForainResolver);
Reflect.defineMetadata('design:paramtypes', [v.TransactionalConnection, v.OrderService, v.CustomerService, v.ShippingMethodService], ForainResolver);

function forainPlugin(options = {}) {
  // Without the secret every call would fail later, inside the running shop.
  if (options.hookUrl && !options.hookSecret) throw new Error('forainPlugin: hookUrl is set and hookSecret is not');
  class ForainPlugin {
    constructor(bus) { this.bus = bus; }

    onApplicationBootstrap() {
      if (!options.hookUrl) return;
      const send = async (topic, keys, tries = 4) => {
        const raw = JSON.stringify({ topic, keys });
        const signature = crypto.createHmac('sha256', options.hookSecret).update(raw).digest('hex');
        for (let n = 0; n < tries; n++) {
          try {
            const answer = await fetch(`${options.hookUrl}/${topic}`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-forain-signature': signature }, body: raw, signal: AbortSignal.timeout(5000) });
            if (answer.ok) return;
          } catch (error) { /* the receiver is away: again, then its own comparison finds the change */ }
          await new Promise(done => setTimeout(done, 500 * 2 ** n).unref());
        }
      };
      const some = list => [...new Set(list.filter(Boolean).map(String))];
      this.bus.ofType(v.StockMovementEvent).subscribe(e => send('stock', some(e.stockMovements.map(m => m.productVariant && m.productVariant.id))));
      this.bus.ofType(v.ProductVariantEvent).subscribe(e => send('variant', some(e.entity.map(x => x.id))));
      this.bus.ofType(v.FulfillmentStateTransitionEvent).subscribe(e => send('shipment', some([e.fulfillment.id])));
    }
  }
  Reflect.defineMetadata('design:paramtypes', [v.EventBus], ForainPlugin);
  v.VendurePlugin({
    imports: [v.PluginCommonModule],
    adminApiExtensions: { schema: SCHEMA, resolvers: [ForainResolver] },
    configuration: config => {
      // Not public: a customer must not be able to write a reference on a cart, and so take an order's place.
      config.customFields.Order.push({ name: 'forainReference', type: 'string', nullable: true, unique: true, readonly: true, public: false });
      config.customFields.OrderLine.push({ name: 'forainUnitPrice', type: 'int', nullable: true, internal: true }, { name: 'forainLine', type: 'string', nullable: true, readonly: true, public: false });
      config.orderOptions.orderItemPriceCalculationStrategy = marketplacePrice(config.orderOptions.orderItemPriceCalculationStrategy);
      return config;
    },
  })(ForainPlugin);
  return ForainPlugin;
}

module.exports = { forainPlugin };
