import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsInt,
  IsISO4217CurrencyCode,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';

class LineDto {
  @IsString()
  @MaxLength(200)
  sku!: string;

  @IsString()
  @MaxLength(200)
  name!: string;

  @IsInt()
  @Min(1)
  @Max(1_000_000)
  quantity!: number;

  @IsInt()
  @Min(0)
  unitPriceMinor!: number;
}

class AddressDto {
  @Length(2, 2)
  country!: string;

  @IsString()
  @MaxLength(200)
  countryName!: string;
}

export class PlaceOrderDto {
  @IsISO4217CurrencyCode()
  currency!: string;

  @IsString()
  @MaxLength(200)
  reference!: string;

  @IsString()
  @MaxLength(200)
  customerId!: string;

  @ValidateNested({ each: true })
  @Type(() => LineDto)
  @ArrayMinSize(1)
  @ArrayMaxSize(2_000)
  lines!: LineDto[];

  @ValidateNested()
  @Type(() => AddressDto)
  shippingAddress!: AddressDto;
}

export class CapturePaymentDto {
  @IsInt()
  @Min(1)
  amountMinor!: number;

  @IsISO4217CurrencyCode()
  currency!: string;

  @IsString()
  @MaxLength(200)
  providerReference!: string;
}
